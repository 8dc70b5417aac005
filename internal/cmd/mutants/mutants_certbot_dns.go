package main

// certbotDNSMutants break where the function answers challenges, and as whom.
func certbotDNSMutants() []mutant {
	const (
		zone     = "internal/certbot/zone.go"
		order    = "internal/certbot/order.go"
		find     = "internal/certbotstack/challenges.go"
		cname    = "internal/cname/cname.go"
		policies = "internal/certbotstack/policies.go"
		spec     = "internal/certbotstack/spec.go"
		pkg      = "./internal/certbot"
		stack    = "./internal/certbotstack"
	)
	return []mutant{
		{
			name: "certbot/zone-role-not-assumed",
			file: zone,
			old:  "		role = *c.ZoneRole\n",
			new:  "",
			pkg:  pkg, test: "^TestZoneOfAnotherAccountIsReachedByItsRole$",
		},
		{
			name: "certbot/zone-role-any",
			file: policies,
			old:  `Action: []string{"sts:AssumeRole"}, Resource: roles}`,
			new:  `Action: []string{"sts:AssumeRole"}, Resource: []string{"*"}}`,
			pkg:  stack, test: "^TestRolePolicyOfAZoneElsewhere$",
		},
		{
			name: "certbot/zone-elsewhere-allowed-here",
			file: spec,
			old:  "		if s.ZoneRole(key).ARN != \"\" {\n			continue\n		}\n",
			new:  "",
			pkg:  stack, test: "^TestRolePolicyOfAZoneElsewhere$",
		},
		{
			name: "certbot/challenge-answered-where-it-is-looked-for",
			file: order,
			old:  "o.want.recordName(authorization.Identifier.Value)",
			new:  "ChallengeName(authorization.Identifier.Value)",
			pkg:  pkg, test: "^TestDelegatedChallengeIsAnsweredWhereItLeads$",
		},
		{
			name: "certbot/challenge-outside-of-the-zone",
			file: find,
			old:  `if p.name == "" || dnsname.Within(end, p.name) {`,
			new:  `if p.name == "" || end != asked || dnsname.Within(end, p.name) {`,
			pkg:  stack, test: "^TestFindChallenges$",
		},
		{
			name: "certbot/challenge-any-characters",
			file: find,
			old:  "	if err := dnsname.CheckRecord(end); err != nil {",
			new:  "	if err := dnsname.CheckRecord(asked); err != nil {",
			pkg:  stack, test: "^TestFindChallenges$",
		},
		{
			name: "certbot/challenge-policy-where-it-is-looked-for",
			file: spec,
			old:  "append(zones[s.ZoneID(key)], s.challenge(d))",
			new:  "append(zones[s.ZoneID(key)], certbot.ChallengeName(d))",
			pkg:  stack, test: "^TestDelegatedChallengesInPolicyAndConfiguration$",
		},
		{
			name: "certbot/challenge-of-a-wildcard-followed",
			file: cname,
			old:  "if err != nil || sibling == target {",
			new:  `if err != nil || sibling == "nobody" {`,
			pkg:  "./internal/cname", test: "^TestNext$",
		},
	}
}
