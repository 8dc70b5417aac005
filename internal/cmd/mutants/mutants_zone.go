package main

// zoneMutants break the delegated hosted zone.
func zoneMutants() []mutant {
	const (
		zone       = "internal/parts/hostedzone.go"
		tags       = "internal/parts/hostedzone_tags.go"
		delegation = "internal/parts/delegation.go"
		spec       = "internal/zonestack/spec.go"
		partsPkg   = "./internal/parts"
		pkg        = "./internal/zonestack"
	)
	return []mutant{
		{
			name: "zone/minimum-of-the-soa-record-not-lowered",
			file: "internal/hostedzone/records.go",
			old:  "	fields[soaFields-1] = strconv.FormatInt(ttl, 10)\n",
			new:  "	_ = strconv.FormatInt(ttl, 10)\n",
			pkg:  partsPkg, test: "^TestHostedZoneLife$",
		},
		{
			name: "zone/delegation-of-others-overwritten",
			file: delegation,
			old:  "		if err := d.refuse(*have, servers); err != nil {\n			return err\n		}\n",
			new:  "",
			pkg:  partsPkg, test: "^TestDelegationOfOthers$",
		},
		{
			name: "zone/deleted-with-records-inside",
			file: zone,
			old:  "	if len(sets) == 0 {\n		return nil\n	}\n",
			new:  "	if len(sets) < 10 {\n		return nil\n	}\n",
			pkg:  pkg, test: "^TestDeleteRefused$",
		},
		{
			name: "zone/delegation-outlives-the-zone",
			file: spec,
			old: `	if err := p.Delegation.Delete(ctx); err != nil {
		return err
	}
	return p.Zone.Delete(ctx)
`,
			new: `	if err := p.Zone.Delete(ctx); err != nil {
		return err
	}
	return p.Delegation.Delete(ctx)
`,
			pkg: pkg, test: "^TestDeleteEndsTheDelegationFirst$",
		},
		{
			name: "zone/delegated-before-all-servers-know-the-zone",
			file: zone,
			old:  "	if z.creating() {\n		// Written",
			new:  "	if soa.diffs = nil; false {\n		// Written",
			pkg:  pkg, test: "^TestZoneLife$",
		},
		{
			name: "zone/zone-of-the-same-name-taken-over",
			file: zone,
			old:  "i := slices.IndexFunc(zones, z.unfinished)",
			new:  "i := min(len(zones), 1) - 1",
			pkg:  partsPkg, test: "^TestHostedZoneOfOthers$",
		},
		{
			name: "zone/mark-of-the-create-goes-too-early",
			file: tags,
			old:  "	if !slices.Contains(keys, stack.CreatingTag) {\n",
			new:  "	if slices.Contains(keys, stack.CreatingTag) {\n",
			pkg:  partsPkg, test: "^TestHostedZoneCreateIsFinished$",
		},
	}
}
