package main

// stackMutants break the engine that creates, compares and deletes parts.
func stackMutants() []mutant {
	const file = "internal/stack/stack.go"
	const pkg = "./internal/stack"
	return []mutant{
		{
			name: "stack/finished-parts-are-taken-over",
			file: file,
			old:  "if owner == s.Owner && creating {",
			new:  "if _ = creating; owner == s.Owner {",
			pkg:  pkg, test: "^TestClaim$",
		},
		{
			name: "stack/parts-of-strangers-are-taken-over",
			file: file,
			old:  "if owner == s.Owner && creating {",
			new:  "if creating {",
			pkg:  pkg, test: "^TestClaim$",
		},
		{
			name: "stack/the-creating-mark-stays",
			file: file,
			old:  "p.Untag(ctx, CreatingTag)",
			new:  "p.Untag(ctx, OwnerTag+CreatingTag)",
			pkg:  pkg, test: "^TestFinishTakesTheMarkOff$",
		},
		{
			name: "stack/drift-of-one-part-is-ignored",
			file: file,
			old:  "for _, d := range diffs {",
			new:  "for _, d := range diffs[:min(len(diffs), i)] {",
			pkg:  pkg, test: "^TestDrift$",
		},
		{
			name: "stack/one-missing-part-is-the-whole-resource-missing",
			file: file,
			old:  "if !slices.Contains(missing, false) {",
			new:  "if slices.Contains(missing, true) {",
			pkg:  pkg, test: "^TestDrift$",
		},
		{
			name: "stack/a-stage-starts-although-the-one-before-failed",
			file: file,
			old: `		if err := each(stage, func(p Part) error { return p.Ensure(ctx) }); err != nil {
			return err
		}
`,
			new: `		if err := each(stage, func(p Part) error { return p.Ensure(ctx) }); err != nil {
			return errors.Join(err, each(slices.Concat(s.Stages...), func(p Part) error { return p.Ensure(ctx) }))
		}
`,
			pkg: pkg, test: "^TestEnsureStopsAfterAFailedStage$",
		},
		{
			name: "stack/guards-are-not-asked",
			file: file,
			old:  "if g, ok := p.(Guard); ok {",
			new:  "if g, ok := p.(Guard); ok && false {",
			pkg:  pkg, test: "^TestDeleteIsRefusedBeforeAnythingIsDeleted$",
		},
		{
			name: "stack/parts-of-others-are-deleted",
			file: file,
			old:  "case tags[OwnerTag] != s.Owner:",
			new:  `case tags[OwnerTag] == "":`,
			pkg:  pkg, test: "^TestDeleteIsRefusedBeforeAnythingIsDeleted$",
		},
		{
			name: "stack/data-is-deleted-before-the-code",
			file: file,
			old:  "for _, stage := range slices.Backward(s.Stages) {",
			new:  "for _, stage := range s.Stages {",
			pkg:  pkg, test: "^TestDeleteGoesBackwards$",
		},
	}
}
