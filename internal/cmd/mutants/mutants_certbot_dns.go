package main

// certbotDNSMutants break where the function answers challenges, and as whom.
func certbotDNSMutants() []mutant {
	const (
		zone     = "internal/certbot/zone.go"
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
	}
}
