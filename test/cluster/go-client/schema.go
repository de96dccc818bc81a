// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// schema holds the methods of all .proto files of a directory by their full name, "package.Service/Method". The files
// are read when the program runs, so there is no generated code that could fall behind them.
type schema map[string]protoreflect.MethodDescriptor

func loadSchema(dir string) (schema, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".proto") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{dir}}),
	}
	files, err := compiler.Compile(context.Background(), names...)
	if err != nil {
		return nil, err
	}
	methods := schema{}
	for _, file := range files {
		for s := range file.Services().Len() {
			service := file.Services().Get(s)
			for m := range service.Methods().Len() {
				method := service.Methods().Get(m)
				methods[fmt.Sprintf("%s/%s", service.FullName(), method.Name())] = method
			}
		}
	}
	return methods, nil
}

func (s schema) find(name string) (protoreflect.MethodDescriptor, error) {
	if method, found := s[name]; found {
		return method, nil
	}
	known := make([]string, 0, len(s))
	for name := range s {
		known = append(known, name)
	}
	sort.Strings(known)
	return nil, fmt.Errorf("no method %q, there are %s", name, strings.Join(known, ", "))
}
