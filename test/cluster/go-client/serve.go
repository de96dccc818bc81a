// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Script says where to listen and how to answer. The answers are read again at each call, so a test can change them;
// the methods that they name at the start are the ones the server knows: grpc-go itself answers all others.
type Script struct {
	// "unix" or "tcp", and the path or host:port.
	Network string            `json:"network"`
	Address string            `json:"address"`
	Answers map[string]Answer `json:"answers"`
}

// Answer is a response, or a status when the code is not 0.
type Answer struct {
	Response json.RawMessage `json:"response"`
	Code     uint32          `json:"code"`
	Message  string          `json:"message"`
	DelayMs  int             `json:"delayMs"`
	// Sent as trailers with the status.
	Trailers map[string]string `json:"trailers"`
	// When not 0, the response ends in a string field of this number, as that of a newer daemon may.
	UnknownField int32 `json:"unknownField"`
}

type server struct {
	file string
	// One request is written at a time.
	mutex sync.Mutex
	out   *json.Encoder
}

func serve(schema schema, file string, out io.Writer) error {
	script, err := readScript(file)
	if err != nil {
		return err
	}
	s := &server{file: file, out: json.NewEncoder(out)}
	services := map[string][]grpc.MethodDesc{}
	for name := range script.Answers {
		method, err := schema.find(name)
		if err != nil {
			return err
		}
		service, short, _ := strings.Cut(name, "/")
		services[service] = append(services[service], grpc.MethodDesc{MethodName: short, Handler: s.handler(name, method)})
	}
	listener, err := net.Listen(script.Network, script.Address)
	if err != nil {
		return err
	}
	g := grpc.NewServer()
	for name, methods := range services {
		g.RegisterService(&grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil), Methods: methods}, s)
	}
	s.print(map[string]string{"listening": listener.Addr().String()})
	return g.Serve(listener)
}

func readScript(file string) (Script, error) {
	var script Script
	text, err := os.ReadFile(file)
	if err != nil {
		return script, err
	}
	if err := json.Unmarshal(text, &script); err != nil {
		return script, fmt.Errorf("%s: %w", file, err)
	}
	return script, nil
}

func (s *server) print(line any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.out.Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, "go-client:", err)
	}
}

func (s *server) handler(name string, method protoreflect.MethodDescriptor) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		request := dynamicpb.NewMessage(method.Input())
		if err := decode(request); err != nil {
			return nil, err
		}
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(request)
		if err != nil {
			return nil, err
		}
		deadline, limited := ctx.Deadline()
		line := map[string]any{"method": name, "request": json.RawMessage(text)}
		if limited {
			line["timeoutMs"] = time.Until(deadline).Milliseconds()
		}
		s.print(line)
		return s.answer(ctx, name, method)
	}
}

func (s *server) answer(ctx context.Context, name string, method protoreflect.MethodDescriptor) (any, error) {
	script, err := readScript(s.file)
	if err != nil {
		return nil, err
	}
	answer := script.Answers[name]
	select {
	case <-time.After(time.Duration(answer.DelayMs) * time.Millisecond):
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	if err := grpc.SetTrailer(ctx, metadata.New(answer.Trailers)); err != nil {
		return nil, err
	}
	if answer.Code != 0 {
		return nil, status.Error(codes.Code(answer.Code), answer.Message)
	}
	response := dynamicpb.NewMessage(method.Output())
	if len(answer.Response) > 0 {
		if err := protojson.Unmarshal(answer.Response, response); err != nil {
			return nil, err
		}
	}
	if answer.UnknownField != 0 {
		unknown := protowire.AppendTag(nil, protowire.Number(answer.UnknownField), protowire.BytesType)
		response.SetUnknown(protowire.AppendString(unknown, "from a newer daemon"))
	}
	return response, nil
}
