using System.Globalization;
using Lab.Report.Documents;
using Lab.Results;

namespace Lab.Report.Runs;

/// <summary>Where, when and with which settings a run was made.</summary>
internal static class RunFacts
{
    /// <summary>The machine in a line.</summary>
    internal static string Place(Manifest manifest) => string.Create(CultureInfo.InvariantCulture,
        $"{manifest.Machine.Cpu}, {manifest.Machine.Cores} cores · Linux {manifest.Machine.Kernel} · .NET {DotnetOf(manifest)}");

    internal static Table Table(Manifest manifest)
    {
        const string time = "yyyy-MM-dd HH:mm:ss 'UTC'";
        (string, string)[] facts =
        [
            ("run", manifest.Id), ("started", manifest.StartedUtc.ToString(time, CultureInfo.InvariantCulture)),
            ("finished", manifest.FinishedUtc?.ToString(time, CultureInfo.InvariantCulture) ?? "not"),
            ("source", manifest.GitCommit is null ? "not known"
                : manifest.GitCommit + (manifest.GitDirty == true ? " with uncommitted changes" : "")),
            ("cpu", manifest.Machine.Cpu), ("cores", manifest.Machine.Cores.ToString(CultureInfo.InvariantCulture)),
            ("memory", FormattableString.Invariant($"{manifest.Machine.MemoryBytes / (double)(1L << 30):0.#} GiB")),
            ("Linux", manifest.Machine.Kernel), ("system", manifest.Machine.Os),
            ("hypervisor", manifest.Machine.Hypervisor ?? "none found"),
            (".NET", $"{DotnetOf(manifest)}, server GC {OnOff(manifest.Runtime.ServerGc)}, tiered compilation "
                + OnOff(manifest.Runtime.TieredCompilation)),
            ("clock", FormattableString.Invariant($"{manifest.Clock.Source}, {manifest.Clock.FrequencyHz / 1e6:0.###} MHz, ")
                + (manifest.Clock.Invariant switch { true => "invariant", false => "NOT invariant", null =>
                    "invariance not known" })),
            ("cost of a clock reading", FormattableString.Invariant($"{manifest.Clock.CostNs:0.#} ns, inside every sample")),
            ("about the clock", manifest.Clock.Note ?? ""),
            .. manifest.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal)
                .Select(setting => ("--" + setting.Key.TrimStart('-'), setting.Value)),
        ];
        return new Table(["", ""], [.. facts.Where(fact => fact.Item2.Length > 0)
            .Select(fact => (IReadOnlyList<Cell>)[fact.Item1, fact.Item2])]) { IsFacts = true, IsSortable = false };
    }

    /// <summary>The runtime calls itself <c>.NET 10.0.1</c>; the name stands before it already.</summary>
    private static string DotnetOf(Manifest manifest) =>
        manifest.Runtime.Dotnet.StartsWith(".NET ", StringComparison.Ordinal) ? manifest.Runtime.Dotnet[".NET ".Length..]
        : manifest.Runtime.Dotnet;

    private static string OnOff(bool value) => value ? "on" : "off";
}
