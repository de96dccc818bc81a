// SPDX-License-Identifier: Apache-2.0
// The store file of the Go daemon, read and written by Go's own encoding/json, for the tests of import and export.
module nv-ipam.test/go-store

go 1.26.0
