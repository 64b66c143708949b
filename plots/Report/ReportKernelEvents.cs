using System.Globalization;
using Lab.Results;

namespace Lab.Plots;

/// <summary>What the kernel's tracepoints counted, per run and per update.</summary>
internal static class ReportKernelEvents
{
    private const string Prefix = "trace.";

    /// <summary>Counters that this table has, and the others need not repeat.</summary>
    internal static bool Shows(CounterRow row) => row.Counter.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Nothing for a run that was not traced.</summary>
    internal static void Write(ReportPage page, RunRecord run)
    {
        if (run.KernelEvents.Count == 0) return;
        page.Section("kernel-events", "Kernel events", "kernel events");
        page.Body.Add(
            $"<p class=\"soft\">Tracepoints in the measured windows, mean of the runs, and how many for each update.</p>");
        foreach (Scene scene in run.Scenes)
        {
            IReadOnlyList<string> events = KernelEventsFigure.EventsIn(run, scene);
            if (events.Count > 0) WriteScene(page.Body, run, scene, events);
        }
    }

    private static void WriteScene(HtmlText html, RunRecord run, Scene scene, IReadOnlyList<string> events)
    {
        ILookup<(string Strategy, string Event), long> totals =
            run.KernelEvents.Where(row => row.Scene == scene).ToLookup(row => (row.Strategy, row.Event), row => row.Count);
        ILookup<string, double> counters = run.Counters.Where(row => row.Scene == scene && row.Counter == Prefix + "lost")
            .ToLookup(row => row.Strategy, row => row.Value);
        html.Add($"<h3>{scene.ToString()}</h3>");
        ReportTables.OpenTable(html, ["strategy", "updates", .. events, "lost"]);
        foreach (string strategy in run.StrategiesIn(scene))
        {
            double runs = run.Manifest.Measurements.Count(m => m.Scene == scene && m.Strategy == strategy);
            double updates = run.Summary.Where(row => row.Scene == scene && row.Strategy == strategy && row.Metric == "update")
                .Sum(row => row.Count) / runs;
            ReportTables.OpenRow(html, run, strategy);
            ReportTables.Cell(html, updates, Quantity.Format(updates, ""));
            foreach (string tracepoint in events)
            {
                double total = totals[(strategy, tracepoint)].Sum() / runs;
                string perUpdate =
                    updates > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({total / updates:0.##} per update)") : "";
                ReportTables.Cell(html, total, Quantity.Format(total, "") + perUpdate);
            }

            double lost = counters[strategy].Sum() / runs;
            ReportTables.Cell(html, lost, Quantity.Format(lost, ""));
            html.Add($"</tr>");
        }

        ReportTables.CloseTable(html);
    }
}
