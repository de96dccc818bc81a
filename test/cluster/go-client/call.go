// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/dynamicpb"
)

// CallList is a list of calls that go one after the other over one connection.
type CallList struct {
	// As grpc-go takes it: unix:///path or host:port.
	Address string `json:"address"`
	Calls   []Call `json:"calls"`
}

// Call is one unary call.
type Call struct {
	// "package.Service/Method".
	Method string `json:"method"`
	// The request message in protobuf's JSON.
	Request   json.RawMessage `json:"request"`
	TimeoutMs int             `json:"timeoutMs"`
}

// Outcome is a status and, when its code is OK, the response message in protobuf's JSON with the names of the .proto file.
type Outcome struct {
	Code     string          `json:"code"`
	Message  string          `json:"message"`
	Response json.RawMessage `json:"response,omitempty"`
}

func callAll(schema schema, in io.Reader, out io.Writer) error {
	var list CallList
	if err := json.NewDecoder(in).Decode(&list); err != nil {
		return err
	}
	connection, err := grpc.NewClient(list.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	outcomes := make([]Outcome, 0, len(list.Calls))
	for _, call := range list.Calls {
		outcome, err := callOne(schema, connection, call)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, outcome)
	}
	return json.NewEncoder(out).Encode(outcomes)
}

func callOne(schema schema, connection *grpc.ClientConn, call Call) (Outcome, error) {
	method, err := schema.find(call.Method)
	if err != nil {
		return Outcome{}, err
	}
	request := dynamicpb.NewMessage(method.Input())
	if len(call.Request) > 0 {
		if err := protojson.Unmarshal(call.Request, request); err != nil {
			return Outcome{}, err
		}
	}
	timeout := 10 * time.Second
	if call.TimeoutMs > 0 {
		timeout = time.Duration(call.TimeoutMs) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	response := dynamicpb.NewMessage(method.Output())
	if err := connection.Invoke(ctx, "/"+call.Method, request, response); err != nil {
		failure := status.Convert(err)
		return Outcome{Code: failure.Code().String(), Message: failure.Message()}, nil
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(response)
	return Outcome{Code: "OK", Response: text}, err
}
