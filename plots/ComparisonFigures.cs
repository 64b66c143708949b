using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Plots;

/// <summary>Which figures a comparison has: a table of contents.</summary>
public static class ComparisonFigures
{
    public static IEnumerable<Figure> Of(ArmComparison comparison, ComparedDistributions distributions) =>
        comparison.Rows.Select(row => (row.Scene, row.Metric)).Distinct()
            .SelectMany(one => Of(comparison, distributions, one.Scene, one.Metric));

    /// <summary>Of one metric in one scene. Without histograms there is only the one of runs.</summary>
    internal static IEnumerable<Figure> Of(
        ArmComparison comparison, ComparedDistributions distributions, Scene scene, string metric)
    {
        if (comparison.Arms.Any(arm => arm.Runs.Any(run => distributions.HistogramOf(arm, run, scene, metric).Count > 0)))
        {
            yield return Figures.Named(scene, "percentiles", metric,
                ArmPercentilesFigure.Draw(comparison, distributions, scene, metric));
            yield return Figures.Named(scene, "shift", metric, ShiftFigure.Draw(comparison, distributions, scene, metric));
        }

        yield return Figures.Named(scene, "runs", metric, RunDotsFigure.Draw(comparison, scene, metric));
    }

    /// <summary>Writes figures as <c>figures/*.svg</c> into a folder.</summary>
    /// <exception cref="ResultsUnwritableException">Figures already written stay.</exception>
    public static void WriteAll(IEnumerable<Figure> figures, string folder)
    {
        foreach (Figure figure in figures) figure.Plot.SaveSvg(Path.Combine(folder, "figures", figure.FileName));
    }
}
