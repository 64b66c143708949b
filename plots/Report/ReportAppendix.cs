using System.Globalization;
using Lab.Results;

namespace Lab.Plots;

/// <summary>The report's back: violations event by event, where and how it was made.</summary>
internal static class ReportAppendix
{
    private const int OpenedViolations = 3;

    internal static void WriteViolations(ReportPage page, RunRecord run)
    {
        page.Section("violations", "Violations", "violations");
        HtmlText html = page.Body;
        if (run.Violations.Count == 0)
        {
            html.Add($"<p>None was recorded.</p>");
            return;
        }

        foreach ((int index, Violation violation) in run.Violations.Index())
        {
            html.Add($"<details{(index < OpenedViolations ? " open" : "")}><summary><strong>{violation.Invariant}</strong> "
                + $"{violation.Strategy}");
            if (run.IsBroken(violation.Strategy)) html.Add($"<span class=\"mark bad\">BROKEN</span>");
            html.Add($" under {violation.Scene.ToString()}, run {violation.Run}: {violation.What}</summary>");
            html.Add($"<p class=\"soft\">Promised: {violation.Claim} Seen at {Time(violation.AtNs)} "
                + $"ns{(violation.Root is { } root ? $", {root}" : "")}.</p>");
            html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"events\"><thead><tr><th>t (ns)</th><th>to the "
                + $"end</th><th>actor</th><th>event</th><th>root</th><th>refcount</th><th>detail</th></tr></thead><tbody>");
            foreach (ViolationEvent step in violation.Events)
            {
                html.Add($"<tr><td>{Time(step.TNs)}</td><td>{Quantity.Format(step.TNs - violation.AtNs, "ns")}</td>"
                    + $"<td>{step.Actor}</td><td>{step.Kind}</td><td>{step.Root}</td>");
                html.Add($"<td>{step.Refcount?.ToString(CultureInfo.InvariantCulture)}</td><td>{step.Detail}</td></tr>");
            }

            html.Add($"</tbody></table></div></details>\n");
        }
    }

    internal static void WriteEnvironment(ReportPage page, Manifest manifest)
    {
        page.Section("environment", "Environment and settings", "environment");
        page.Body.Add($"<p>To repeat this run (seed {manifest.Seed.ToString(CultureInfo.InvariantCulture)}):</p>");
        page.Body.Add($"<pre>{CommandLine(manifest.CommandLine)}</pre>");
        WriteFacts(page.Body, manifest);
    }

    /// <summary>The arguments as a POSIX shell has to be given them.</summary>
    internal static string CommandLine(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(ShellWord));

    /// <summary>The machine in a line.</summary>
    internal static string Place(Manifest manifest) => string.Create(CultureInfo.InvariantCulture,
        $"{manifest.Machine.Cpu}, {manifest.Machine.Cores} cores · Linux {manifest.Machine.Kernel} · .NET {DotnetOf(manifest)}");

    /// <summary>The runtime calls itself <c>.NET 10.0.1</c>; the name stands before it already.</summary>
    private static string DotnetOf(Manifest manifest) =>
        manifest.Runtime.Dotnet.StartsWith(".NET ", StringComparison.Ordinal) ? manifest.Runtime.Dotnet[".NET ".Length..]
        : manifest.Runtime.Dotnet;

    /// <summary>Where, when and with which settings a run was made.</summary>
    internal static void WriteFacts(HtmlText html, Manifest manifest)
    {
        html.Add($"<div class=\"scroll\" tabindex=\"0\"><table class=\"facts\"><tbody>");
        Fact("run", manifest.Id);
        Fact("started", manifest.StartedUtc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        Fact("finished", manifest.FinishedUtc?.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "not");
        Fact("source", manifest.GitCommit is null ? "not known"
            : manifest.GitCommit + (manifest.GitDirty == true ? " with uncommitted changes" : ""));
        Fact("cpu", manifest.Machine.Cpu);
        Fact("cores", manifest.Machine.Cores.ToString(CultureInfo.InvariantCulture));
        Fact("memory",
            string.Create(CultureInfo.InvariantCulture, $"{manifest.Machine.MemoryBytes / (double)(1L << 30):0.#} GiB"));
        Fact("kernel", manifest.Machine.Kernel);
        Fact("system", manifest.Machine.Os);
        Fact("hypervisor", manifest.Machine.Hypervisor ?? "none found");
        Fact(".NET", $"{DotnetOf(manifest)}, server GC {OnOff(manifest.Runtime.ServerGc)}, tiered compilation "
            + $"{OnOff(manifest.Runtime.TieredCompilation)}");
        Fact("clock", string.Create(CultureInfo.InvariantCulture,
            $"{manifest.Clock.Source}, {manifest.Clock.FrequencyHz / 1e6:0.###} MHz, ")
            + (manifest.Clock.Invariant switch { true => "invariant", false => "NOT invariant",
                null => "invariance not known" }));
        Fact("cost of a clock reading",
            string.Create(CultureInfo.InvariantCulture, $"{manifest.Clock.CostNs:0.#} ns, inside every sample"));
        if (manifest.Clock.Note is { } note) Fact("about the clock", note);
        foreach ((string name, string value) in manifest.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal))
        {
            Fact("--" + name.TrimStart('-'), value);
        }
        html.Add($"</tbody></table></div>\n");

        void Fact(string name, string value) => html.Add($"<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
    }

    private static string OnOff(bool value) => value ? "on" : "off";

    private static string Time(long ns) => Quantity.Count(ns);

    private static string ShellWord(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+@%".Contains(c))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
