// The provider that users come from, as far as a move away from it can tell: it serves the same socket, writes plain
// files into the volume, and when it goes it removes the socket's path, whoever owns it by then.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"sigs.k8s.io/secrets-store-csi-driver/provider/v1alpha1"
	"sigs.k8s.io/yaml"
)

const valuesFile = "/values.json"

var providerVolume = flag.String("provider-volume", "/var/run/secrets-store-csi-providers", "directory of the socket")

type predecessor struct {
	v1alpha1.UnimplementedCSIDriverProviderServer
	values map[string]string
}

func (p *predecessor) Version(context.Context, *v1alpha1.VersionRequest) (*v1alpha1.VersionResponse, error) {
	return &v1alpha1.VersionResponse{Version: "v1alpha1", RuntimeName: "predecessor", RuntimeVersion: "1.0.0"}, nil
}

func (p *predecessor) Mount(_ context.Context, request *v1alpha1.MountRequest) (*v1alpha1.MountResponse, error) {
	var attributes struct {
		Objects string `json:"objects"`
	}
	if err := json.Unmarshal([]byte(request.GetAttributes()), &attributes); err != nil {
		return nil, err
	}
	var objects []struct {
		ObjectName  string `json:"objectName"`
		ObjectAlias string `json:"objectAlias"`
	}
	if err := yaml.Unmarshal([]byte(attributes.Objects), &objects); err != nil {
		return nil, err
	}
	response := &v1alpha1.MountResponse{}
	for _, object := range objects {
		value, found := p.values[object.ObjectName]
		if !found {
			return nil, fmt.Errorf("no value for %s", object.ObjectName)
		}
		name := object.ObjectAlias
		if name == "" {
			name = strings.ReplaceAll(object.ObjectName, "/", "_")
		}
		if err := write(request.GetTargetPath(), name, value); err != nil {
			return nil, err
		}
		response.ObjectVersion = append(response.ObjectVersion, &v1alpha1.ObjectVersion{Id: name, Version: "predecessor"})
	}
	return response, nil
}

func write(directory, name, value string) error {
	file, err := os.CreateTemp(directory, name)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(value); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(directory, name))
}

func main() {
	flag.Parse()
	socket := filepath.Join(*providerVolume, "aws.sock")
	text, err := os.ReadFile(valuesFile)
	if err != nil {
		log.Fatal(err)
	}
	provider := &predecessor{}
	if err := json.Unmarshal(text, &provider.values); err != nil {
		log.Fatal(err)
	}
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	v1alpha1.RegisterCSIDriverProviderServer(server, provider)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		// Go's listener unlinks its path when it is closed, without a look at what lies there.
		server.GracefulStop()
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
