// Package pace keeps a program's calls of an AWS service below the service's
// rates, and tries again what the service refuses for a while.
package pace
