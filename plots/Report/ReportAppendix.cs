using System.Globalization;
using Lab.Results;

namespace Lab.Plots;

/// <summary>The report's back: violations event by event, what disturbed the run, where and how it was made.</summary>
internal static class ReportAppendix
{
    private const int OpenedViolations = 3;

    internal static void WriteViolations(HtmlText html, RunRecord run)
    {
        html.Add($"<h2 id=\"violations\">Violations</h2>");
        if (run.Violations.Count == 0)
        {
            html.Add($"<p>None was recorded.</p>");
            return;
        }

        foreach (var (index, violation) in run.Violations.Index())
        {
            html.Add($"<details{(index < OpenedViolations ? " open" : "")}><summary><strong>{violation.Invariant}</strong> {violation.Strategy}");
            if (run.IsBroken(violation.Strategy))
                html.Add($"<span class=\"mark bad\">BROKEN</span>");
            html.Add($" under {violation.Scene.ToString()}, run {violation.Run}: {violation.What}</summary>");
            html.Add($"<p class=\"soft\">Promised: {violation.Claim} Seen at {Time(violation.AtNs)} ns{(violation.Root is { } root ? $", {root}" : "")}.</p>");
            html.Add($"<div class=\"scroll\"><table class=\"events\"><thead><tr><th>t (ns)</th><th>to the end</th><th>actor</th><th>event</th><th>root</th><th>refcount</th><th>detail</th></tr></thead><tbody>");
            foreach (var step in violation.Events)
            {
                html.Add($"<tr><td>{Time(step.TNs)}</td><td>{Quantity.Format(step.TNs - violation.AtNs, "ns")}</td><td>{step.Actor}</td><td>{step.Kind}</td><td>{step.Root}</td>");
                html.Add($"<td>{step.Refcount?.ToString(CultureInfo.InvariantCulture)}</td><td>{step.Detail}</td></tr>");
            }

            html.Add($"</tbody></table></div></details>\n");
        }
    }

    internal static void WriteDisturbances(HtmlText html, RunRecord run)
    {
        html.Add($"<h2 id=\"disturbances\">Disturbances</h2>");
        List<Measurement> disturbed = [.. run.Manifest.Measurements.Where(m => m.GcInWindow + m.JitInWindow > 0 || m.Notes.Count > 0)];
        if (run.Manifest.Warnings.Count + disturbed.Count == 0)
        {
            html.Add($"<p>None was noticed.</p>");
            return;
        }

        html.Add($"<ul>");
        foreach (var warning in run.Manifest.Warnings)
            html.Add($"<li>{warning}</li>");
        foreach (var m in disturbed)
        {
            List<string> what = [.. m.Notes];
            if (m.JitInWindow > 0)
                what.Insert(0, $"methods compiled inside the window: {m.JitInWindow}");
            if (m.GcInWindow > 0)
                what.Insert(0, $"garbage collections inside the window: {m.GcInWindow}");
            html.Add($"<li>{m.Strategy} under {m.Scene.ToString()}, run {m.Run}: {string.Join("; ", what)}</li>");
        }

        html.Add($"</ul>");
    }

    internal static void WriteEnvironment(HtmlText html, RunRecord run)
    {
        var manifest = run.Manifest;
        html.Add($"<h2 id=\"environment\">Environment and settings</h2><p>To repeat this run (seed {manifest.Seed.ToString(CultureInfo.InvariantCulture)}):</p>");
        html.Add($"<pre>{string.Join(' ', manifest.CommandLine.Select(ShellWord))}</pre>");
        html.Add($"<div class=\"scroll\"><table class=\"facts\"><tbody>");
        Fact("run", manifest.Id);
        Fact("started", manifest.StartedUtc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        Fact("finished", manifest.FinishedUtc?.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "not");
        Fact("source", manifest.GitCommit is null ? "not known" : manifest.GitCommit + (manifest.GitDirty == true ? " with uncommitted changes" : ""));
        Fact("cpu", manifest.Machine.Cpu);
        Fact("cores", manifest.Machine.Cores.ToString(CultureInfo.InvariantCulture));
        Fact("memory", string.Create(CultureInfo.InvariantCulture, $"{manifest.Machine.MemoryBytes / (double)(1L << 30):0.#} GiB"));
        Fact("kernel", manifest.Machine.Kernel);
        Fact("system", manifest.Machine.Os);
        Fact("hypervisor", manifest.Machine.Hypervisor ?? "none found");
        Fact(".NET", $"{manifest.Runtime.Dotnet}, server GC {OnOff(manifest.Runtime.ServerGc)}, tiered compilation {OnOff(manifest.Runtime.TieredCompilation)}");
        Fact("clock", string.Create(CultureInfo.InvariantCulture, $"{manifest.Clock.Source}, {manifest.Clock.FrequencyHz / 1e6:0.###} MHz, ")
            + (manifest.Clock.Invariant switch { true => "invariant", false => "NOT invariant", null => "invariance not known" }));
        Fact("cost of a clock reading", string.Create(CultureInfo.InvariantCulture, $"{manifest.Clock.CostNs:0.#} ns, inside every sample"));
        if (manifest.Clock.Note is { } note)
            Fact("about the clock", note);
        foreach (var (name, value) in manifest.Settings.OrderBy(setting => setting.Key, StringComparer.Ordinal))
            Fact("--" + name.TrimStart('-'), value);
        html.Add($"</tbody></table></div>\n");

        void Fact(string name, string value) => html.Add($"<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");
    }

    private static string OnOff(bool value) => value ? "on" : "off";

    private static string Time(long ns) => Quantity.Count(ns);

    /// <summary>An argument as a POSIX shell has to be given it.</summary>
    private static string ShellWord(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+@%".Contains(c))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
