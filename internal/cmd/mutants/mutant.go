package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one way to break the product.
type mutant struct {
	// name is "<part>/<what-is-broken>".
	name string
	// file is what is changed, relative to the module: old, which must occur
	// exactly once, becomes new.
	file, old, new string
	// pkg and test name the test that must fail: the folder of a package, of
	// this module or of one below it, and a pattern for its -run.
	pkg, test string
}

// all answers all mutants in the order in which they are tried.
func all() []mutant {
	return slices.Concat(
		stackMutants(),
		partsMutants(),
		policyMutants(),
		localCloudMutants(),
		recordsPolicyMutants(),
		taskDNSMutants(),
		taskDNSStackMutants(),
		taskDNSRecordsMutants(),
		taskDNSReconcileMutants(),
		taskDNSQueueMutants(),
		certbotMutants(),
		certbotStoreMutants(),
		certbotTellMutants(),
		certbotRenewMutants(),
		certbotAskMutants(),
		certbotSecretMutants(),
		certbotDataMutants(),
		certbotDNSMutants(),
		certbotRunMutants(),
		certbotAnewMutants(),
		certbotCAMutants(),
		certbotDeliverMutants(),
		certbotPlanMutants(),
		zoneMutants(),
		readerMutants(),
		proxyForwardMutants(),
		proxyServerMutants(),
		proxyImageMutants(),
		proxyFilesMutants(),
		proxyBenchMutants(),
		proxyFunctionMutants(),
		proxyDocsMutants(),
		proxyReviewMutants(),
		filesMutants(),
		proxyWireMutants(),
	)
}

// overlay writes the changed file and the go command's overlay file into dir,
// and answers the latter's name.
func (m mutant) overlay(root, dir string) (string, error) {
	path := filepath.Join(root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading what is to be changed: %w", err)
	}
	if m.old == m.new {
		return "", fmt.Errorf("the mutant changes nothing")
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return "", fmt.Errorf("the text to change occurs %d times in %s, want once", n, m.file)
	}
	changed := filepath.Join(dir, "changed.go")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600); err != nil {
		return "", err
	}
	content, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, content, 0o600)
}
