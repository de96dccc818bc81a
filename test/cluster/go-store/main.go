// SPDX-License-Identifier: Apache-2.0

// go-store reads and writes the store file of the Go daemon with the means that a Go program has.
//
//	go-store check FILE  reads the file, verifies its checksum as a Go daemon does, and prints the file that it would write
//	go-store seal        reads a store with any checksum from stdin and prints the file that a Go daemon would write
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
)

type document struct {
	Version  int             `json:"version"`
	Checksum uint32          `json:"checksum"`
	Pools    map[string]pool `json:"pools"`
}

type pool struct {
	Name    string           `json:"name"`
	Entries map[string]entry `json:"entries"`
	Config  string           `json:"last_pool_config"`
	Last    net.IP           `json:"last_reserved_ip"`
}

type entry struct {
	Container string   `json:"container_id"`
	Interface string   `json:"interface_name"`
	Address   net.IP   `json:"ip_address"`
	Metadata  metadata `json:"metadata"`
}

type metadata struct {
	Created   string `json:"create_time"`
	UID       string `json:"pod_uuid"`
	Name      string `json:"pod_name"`
	Namespace string `json:"pod_namespace"`
	Device    string `json:"device_id"`
	Config    string `json:"pool_config_snapshot"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-store:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "check":
		return check(args[1])
	case len(args) == 1 && args[0] == "seal":
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		_, err = print(text)
		return err
	}
	return errors.New("usage: go-store check FILE | go-store seal")
}

func check(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var found document
	if err := json.Unmarshal(text, &found); err != nil {
		return err
	}
	wanted, err := print(text)
	if err != nil {
		return err
	}
	if found.Version != 1 || found.Checksum == 0 || found.Checksum != wanted {
		return fmt.Errorf("version %d, checksum %d, wanted %d", found.Version, found.Checksum, wanted)
	}
	return nil
}

// print writes the store to stdout with its own checksum, which it returns.
func print(text []byte) (uint32, error) {
	var store document
	if err := json.Unmarshal(text, &store); err != nil {
		return 0, err
	}
	store.Checksum = 0
	unsealed, err := json.Marshal(store)
	if err != nil {
		return 0, err
	}
	sum := fnv.New32a()
	sum.Write(unsealed)
	store.Checksum = sum.Sum32()
	sealed, err := json.Marshal(store)
	if err != nil {
		return 0, err
	}
	_, err = os.Stdout.Write(sealed)
	return store.Checksum, err
}
