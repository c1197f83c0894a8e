// Package faults breaks a running gateway in every way that its plan names, and
// reconciles afterwards what the generator of mail, the gateway and the next server
// have each written down (package reconcile). It is a program, not a test: it kills,
// mounts, cuts the power of file systems and fills disks, and some of that needs root.
// What a machine does not allow is skipped with the reason.
//
// Invariants:
//   - the journals of generator and next server never lie on a disk that is broken;
//   - the gateway under test is the built binary, started as an operator would;
//   - a fault that did not happen is an error of the run, not a pass.
package faults
