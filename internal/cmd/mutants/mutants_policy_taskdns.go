package main

// recordsPolicyMutants let the DNS function write what it must not. The policy
// is evaluated as IAM would.
func recordsPolicyMutants() []mutant {
	const (
		policies = "internal/taskdnsstack/policies.go"
		pkg      = "./internal/taskdnsstack"
		test     = "^TestRecordsPolicy$"
	)
	return []mutant{
		{
			name: "records-policy/ids-of-any-length",
			file: "internal/hostname/hostname.go",
			old:  `b.WriteString(strings.Repeat("?", length))`,
			new:  `b.WriteString(strings.Repeat("*", length))`,
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/older-ids-forgotten",
			file: "internal/hostname/hostname.go",
			old:  "[]int{32, 36}",
			new:  "[]int{32}",
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/old-place-forgotten",
			file: policies,
			old:  "append([]taskdns.Place{s.place()}, s.Retired...)",
			new:  "[]taskdns.Place{s.place()}",
			pkg:  pkg, test: "^TestRecordsPolicyDuringAMove$",
		},
		{
			name: "records-policy/names-of-two-labels",
			file: policies,
			old:  `{"*.*." + p.Domain}`,
			new:  `{"*.*.*." + p.Domain}`,
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/keys-may-be-absent",
			file: policies,
			old:  "			\"Null\":                      {recordNamesKey: {\"false\"}, recordTypes: {\"false\"}, actions: {\"false\"}},\n",
			new:  "",
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/name-servers",
			file: policies,
			old:  `[]string{"A", "AAAA"}, recordNames(p)`,
			new:  `[]string{"A", "AAAA", "NS"}, recordNames(p)`,
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/upsert",
			file: policies,
			old:  `actions: {"CREATE", "DELETE"}}`,
			new:  `actions: {"CREATE", "DELETE", "UPSERT"}}`,
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/text-at-any-name",
			file: policies,
			old:  `[]string{taskdns.ClaimName(p.Domain)}`,
			new:  `[]string{"*." + p.Domain}`,
			pkg:  pkg, test: test,
		},
		{
			name: "records-policy/any-zone",
			file: policies,
			old:  `Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{zone},`,
			new:  `Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{zone[:0] + "*"},`,
			pkg:  pkg, test: test,
		},
	}
}
