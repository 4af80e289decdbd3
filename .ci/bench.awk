# Prints what `go test -bench` printed as two tables: the stages, and the whole program. Repeats are averaged.

/^pkg:/ { pkg = $2; sub(/^.*\/pageferry\//, "", pkg) }

/^Benchmark/ && NF > 3 {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	program = sub(/^Program\//, "", name)
	if (!program) name = sprintf("%-15s %s", pkg, name)
	if (!(name in seen)) {
		seen[name] = 1
		if (!program) stage[++stages] = name
	}
	for (i = 3; i < NF; i += 2) {
		unit = $(i + 1)
		if (split(unit, part, "/") == 2 && part[1] ~ /^(ns|B|allocs)$/) {
			if (part[2] != "op") per[name] = part[2]
			unit = unit == part[1] "/op" ? part[1] : part[1] " per"
		}
		sum[name, unit] += $i
		runs[name, unit]++
	}
}

# mean prefers the figure for one page to that of an operation that dealt with many.
function mean(name, unit) {
	if ((name, unit " per") in sum) unit = unit " per"
	return (name, unit) in sum ? sum[name, unit] / runs[name, unit] : 0
}

END {
	printf "%-46s %12s %11s %9s   %s\n", "STAGE", "us", "KB", "allocs", "per"
	for (i = 1; i <= stages; i++) {
		name = stage[i]
		printf "%-46s %12.2f %11.1f %9.0f   %s\n", name, mean(name, "ns") / 1e3, mean(name, "B") / 1e3, mean(name, "allocs"),
			(name in per) ? per[name] : "op"
	}
	printf "\n%-46s %12s %11s\n", "PROGRAM", "cold", "warm"
	show("pages/s", "pages per second", "%.0f")
	show("cpu-s/kpage", "CPU seconds per 1,000 pages", "%.3f")
	show("peak-MiB", "peak memory, MiB", "%.1f")
	show("goroutines", "goroutines at the most", "%.0f")
	show("requests/page", "requests to the site per distinct page", "%.4f")
	show("other-requests", "requests for robots.txt and sitemaps", "%.0f")
	show("upserts", "upserts", "%.0f")
}

function show(unit, label, format) {
	printf "%-46s %12s %11s\n", label, sprintf(format, mean("cold", unit)), sprintf(format, mean("warm", unit))
}
