// SPDX-License-Identifier: Apache-2.0

// go-client speaks the node's gRPC protocol with Google's own Go implementation, as the Go plugin and the Go daemon do.
//
//	go-client call  PROTO_DIR             reads a CallList from stdin, prints one Outcome for each call as a JSON array
//	go-client serve PROTO_DIR SCRIPT_FILE serves what the script says, prints one JSON line for each request it reads
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-client:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: go-client call PROTO_DIR | go-client serve PROTO_DIR SCRIPT_FILE")
	}
	schema, err := loadSchema(args[1])
	if err != nil {
		return err
	}
	switch {
	case args[0] == "call" && len(args) == 2:
		return callAll(schema, os.Stdin, os.Stdout)
	case args[0] == "serve" && len(args) == 3:
		return serve(schema, args[2], os.Stdout)
	}
	return fmt.Errorf("unknown mode or wrong arguments: %q", args)
}
