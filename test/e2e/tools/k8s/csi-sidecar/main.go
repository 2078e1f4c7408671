// One small stand-in for two sidecars of a CSI driver that the module proxy does not serve, with their flags:
// node-driver-registrar (tells kubelet where the driver listens) and livenessprobe (asks the driver whether it lives).
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	csi "github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	reg "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

var (
	csiAddress   = flag.String("csi-address", "/csi/csi.sock", "socket of the CSI driver")
	kubeletPath  = flag.String("kubelet-registration-path", "", "the same socket as kubelet sees it; turns the registrar on")
	registration = flag.String("plugin-registration-path", "/registration", "directory that kubelet watches")
	httpEndpoint = flag.String("http-endpoint", "", "address for GET /healthz; turns the liveness probe on")
	healthPort   = flag.String("health-port", "", "the same as --http-endpoint=:PORT")
	probeTimeout = flag.Duration("probe-timeout", time.Second, "longest wait for the driver")
	_            = flag.String("v", "0", "taken and not used: this program logs failures only")
)

// registrar answers kubelet's plug-in watcher.
type registrar struct {
	reg.UnimplementedRegistrationServer
	name string
}

func (r *registrar) GetInfo(context.Context, *reg.InfoRequest) (*reg.PluginInfo, error) {
	return &reg.PluginInfo{Type: reg.CSIPlugin, Name: r.name, Endpoint: *kubeletPath, SupportedVersions: []string{"1.0.0"}}, nil
}

func (r *registrar) NotifyRegistrationStatus(_ context.Context, status *reg.RegistrationStatus) (*reg.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		// As the real one: end, so that the container starts again and registers anew.
		log.Fatalf("kubelet refused the registration: %s", status.Error)
	}
	return &reg.RegistrationStatusResponse{}, nil
}

func register(identity csi.IdentityClient) error {
	info, err := identity.GetPluginInfo(context.Background(), &csi.GetPluginInfoRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	socket := *registration + "/" + info.GetName() + "-reg.sock"
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	reg.RegisterRegistrationServer(server, &registrar{name: info.GetName()})
	return server.Serve(listener)
}

func serveHealth(identity csi.IdentityClient, address string) error {
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), *probeTimeout)
		defer cancel()
		if _, err := identity.Probe(ctx, &csi.ProbeRequest{}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return http.ListenAndServe(address, nil)
}

func main() {
	flag.Parse()
	connection, err := grpc.NewClient("unix://"+*csiAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	identity := csi.NewIdentityClient(connection)
	if *healthPort != "" {
		*httpEndpoint = ":" + *healthPort
	}
	failed := make(chan error)
	if *kubeletPath != "" {
		go func() { failed <- register(identity) }()
	}
	if *httpEndpoint != "" {
		go func() { failed <- serveHealth(identity, *httpEndpoint) }()
	}
	log.Fatal(<-failed)
}
