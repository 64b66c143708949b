using Lab.Results;

namespace Lab.Plots;

/// <summary>A figure of a run or a comparison with the name of its file.</summary>
/// <param name="What">The metric, operation or counter that it shows.</param>
public sealed record Figure(Scene Scene, string What, string FileName, Plot Plot)
{
    public string Name => Path.GetFileNameWithoutExtension(FileName);

    /// <summary>A name that can be a file's.</summary>
    public static string FileSafe(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
}

/// <summary>Which figures a run has: a table of contents.</summary>
public static class Figures
{
    /// <summary>Metrics a reader looks for first, in that order; others follow as they were written.</summary>
    private static readonly string[] First = ["update.intended", "update", "fault.intended", "fault", "reload", "put", "destroy"];

    public static IEnumerable<Figure> Of(RunRecord run) => run.Scenes.SelectMany(scene => Of(run, scene));

    /// <summary>Latencies of a scene that stand for themselves, not for a part of another, the most asked for first.</summary>
    public static IReadOnlyList<string> LatenciesIn(RunRecord run, Scene scene) =>
    [
        .. run.Summary.Where(row => row.Scene == scene && row.Count > 0 && row.Unit == "ns")
            .Select(row => row.Metric)
            .Distinct()
            .Where(metric => !metric.Contains(UpdatePhasesFigure.Phase, StringComparison.Ordinal))
            .Where(metric => !GrowthCurve.IsPoint(metric))
            .OrderBy(metric => Array.IndexOf(First, metric) is var place and >= 0 ? place : First.Length),
    ];

    /// <summary>Writes every figure as <c>figures/*.svg</c> into a folder and returns the files' paths.</summary>
    /// <exception cref="ResultsUnwritableException">Figures already written stay.</exception>
    public static IReadOnlyList<string> WriteAll(RunRecord run, string folder)
    {
        List<string> paths = [];
        foreach (Figure figure in Of(run))
        {
            string path = Path.Combine(folder, "figures", figure.FileName);
            figure.Plot.SaveSvg(path);
            paths.Add(path);
        }

        return paths;
    }

    private static IEnumerable<Figure> Of(RunRecord run, Scene scene) =>
        run.Manifest.Machine.Emulated == true ? OfEvents(run, scene) : [.. OfTimes(run, scene), .. OfEvents(run, scene)];

    private static IEnumerable<Figure> OfTimes(RunRecord run, Scene scene)
    {
        foreach (string operation in Operations(run, scene))
        {
            yield return Named(scene, "phases", operation, UpdatePhasesFigure.Draw(run, scene, operation));
        }
        foreach (string metric in LatenciesIn(run, scene))
        {
            yield return Named(scene, "percentiles", metric, LatencyByPercentileFigure.Draw(run, scene, metric));
            if (run.Timeline.Any(row => row.Scene == scene && row.Metric == metric))
            {
                yield return Named(scene, "over-time", metric, LatencyOverTimeFigure.Draw(run, scene, metric));
            }
        }

        if (GrowthCurve.SizesIn(run, scene).Count > 0)
        {
            yield return Named(scene, "growth", "update", SlotGrowthFigure.Draw(run, scene));
        }
        foreach (string counter in RatePerVcpuFigure.CountersIn(run, scene))
        {
            yield return Named(scene, "rate", counter, RatePerVcpuFigure.Draw(run, scene, counter));
        }
    }

    private static IEnumerable<Figure> OfEvents(RunRecord run, Scene scene) => KernelEventsFigure.EventsIn(run, scene)
        .Select(tracepoint => Named(scene, "events", tracepoint, KernelEventsFigure.Draw(run, scene, tracepoint)));

    /// <summary>Operations whose phases were measured.</summary>
    private static IEnumerable<string> Operations(RunRecord run, Scene scene) =>
        run.MetricsIn(scene)
            .Select(metric => (metric, At: metric.IndexOf(UpdatePhasesFigure.Phase, StringComparison.Ordinal)))
            .Where(found => found.At > 0)
            .Select(found => found.metric[..found.At])
            .Distinct();

    internal static Figure Named(Scene scene, string kind, string what, Plot plot)
    {
        string name = string.Join('.', ((string[])[scene.Workload, scene.Mmu, what, kind]).Select(Figure.FileSafe));
        return new Figure(scene, what, name + ".svg", plot);
    }
}
