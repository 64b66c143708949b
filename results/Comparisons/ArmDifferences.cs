using System.Text.Json.Serialization;

namespace Lab.Results.Comparisons;

/// <summary>Something besides the strategy in which arms differ.</summary>
/// <param name="Values">One per arm in their order; several in one arm are listed with commas.</param>
/// <param name="IsMachine">Whether it makes it another machine.</param>
public sealed record ArmDifference(string What, IReadOnlyList<string> Values, bool IsMachine);

/// <summary>What a comparison is of: in that its arms may differ, in nothing else.</summary>
public enum ComparedSubject
{
    [JsonStringEnumMemberName("strategy")] Strategy,

    /// <summary>The same strategy on different kernels.</summary>
    [JsonStringEnumMemberName("kernel")] Kernel,
}

/// <summary>In what arms differ that was not to be compared: machine, kernel, runtime, commit, settings.</summary>
public static class ArmDifferences
{
    private const string Kernel = "kernel";

    /// <summary>How often and where to, not what is measured; and turns, which the comparison itself hands out.</summary>
    private static readonly HashSet<string> Immaterial =
        ["strategy", "workload", "runs", "seed", "out", "format", "plugin", "save-baseline", "turns"];

    public static IReadOnlyList<ArmDifference> Between(IReadOnlyList<ArmRuns> arms, ComparedSubject subject)
    {
        IReadOnlyList<ArmDifference> found =
            Between([.. arms.Select(
                arm => (IReadOnlyList<Manifest>)[.. arm.Runs.Select(run => run.Record.Manifest).Distinct()])]);
        if (subject == ComparedSubject.Strategy) return found;
        string[] strategies = [.. arms.Select(arm => arm.Strategy)];
        IEnumerable<ArmDifference> others = found.Where(one => one.What != Kernel);
        return strategies.Distinct().Count() < 2 ? [.. others]
            : [new ArmDifference("strategy", strategies, IsMachine: false), .. others];
    }

    /// <summary>The kernels that an arm ran on.</summary>
    public static string KernelsOf(ArmRuns arm) =>
        string.Join(", ", arm.Runs.Select(run => run.Record.Manifest.Machine.Kernel).Distinct().Order(StringComparer.Ordinal));

    /// <param name="arms">The manifests of each arm's runs.</param>
    public static IReadOnlyList<ArmDifference> Between(IReadOnlyList<IReadOnlyList<Manifest>> arms)
    {
        List<ArmDifference> found = [];
        Look("processor", one => one.Machine.Cpu, isMachine: true);
        Look("cores", one => one.Machine.Cores.ToString(System.Globalization.CultureInfo.InvariantCulture), isMachine: true);
        // Rounded: what firmware keeps for itself varies from boot to boot.
        Look("memory", one => $"{(one.Machine.MemoryBytes + (1L << 29)) >> 30} GiB", isMachine: true);
        Look("hypervisor", one => one.Machine.Hypervisor ?? "none", isMachine: true);
        Look(Kernel, one => one.Machine.Kernel);
        Look("system", one => one.Machine.Os);
        Look(".NET", one =>
            $"{one.Runtime.Dotnet}{(one.Runtime.ServerGc ? ", server GC" : "")}{(one.Runtime.TieredCompilation ? ", tiered" : "")}");
        Look("clock", one => one.Clock.Source);
        Look("commit", one => one.GitCommit is { } commit
            ? $"{commit[..Math.Min(10, commit.Length)]}{(one.GitDirty == true ? "+changes" : "")}" : "unknown");
        foreach (string name in arms.SelectMany(arm => arm).SelectMany(one => one.Settings.Keys).Distinct()
            .Where(name => !Immaterial.Contains(name)).Order(StringComparer.Ordinal))
        {
            Look($"--{name}", one => one.Settings.GetValueOrDefault(name, "none"));
        }
        return found;

        void Look(string what, Func<Manifest, string> of, bool isMachine = false)
        {
            string[] values = [.. arms.Select(arm => string.Join(", ", arm.Select(of).Distinct().Order(StringComparer.Ordinal)))];
            if (arms.SelectMany(arm => arm).Select(of).Distinct().Take(2).Count() > 1)
            {
                found.Add(new ArmDifference(what, values, isMachine));
            }
        }
    }
}
