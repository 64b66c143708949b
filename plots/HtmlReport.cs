using System.Globalization;
using System.Text;
using Lab.Results;

namespace Lab.Plots;

/// <summary>A run as one page that needs nothing else: verdict first, then tables and figures scene by scene, then the evidence.
/// Reads on a phone, on paper, in the dark, and without script.</summary>
public static class HtmlReport
{
    /// <exception cref="ResultsUnwritableException">An older report of that name is still whole.</exception>
    public static void Write(RunRecord run, string path)
    {
        byte[] html = Encoding.UTF8.GetBytes(Render(run));
        StagedFiles.WriteOne(path, to => to.Write(html));
    }

    public static string Render(RunRecord run)
    {
        ReportPage page = new($"lab run {run.Manifest.Id}");
        WriteHead(page.Head, run);
        ILookup<Scene, Figure> figures = Figures.Of(run).ToLookup(figure => figure.Scene);
        foreach ((int index, Scene scene) in run.Scenes.Index())
        {
            page.Section($"scene{index}", scene.ToString());
            ReportTables.Write(page.Body, run, scene);
            ReportBothWays.Write(page.Body, run, scene);
            foreach (Figure figure in figures[scene]) page.Figure(figure.Plot);
        }

        ReportAppendix.WriteViolations(page, run);
        ReportDisturbances.Write(page, run);
        ReportKernelEvents.Write(page, run);
        ReportAppendix.WriteEnvironment(page, run.Manifest);
        return page.Finish();
    }

    private static void WriteHead(HtmlText html, RunRecord run)
    {
        Manifest manifest = run.Manifest;
        html.Add($"<h1>lab run {manifest.Id}");
        if (run.State == RunState.Partial) html.Add($"<span class=\"mark bad\">PARTIAL</span>");
        html.Add($"</h1><p class=\"soft\">{manifest.StartedUtc.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)} "
            + $"· {ReportAppendix.Place(manifest)}</p>");
        VerdictText verdict = new(run);
        html.Add($"<p class=\"verdict {verdict.Class}\">{string.Join(' ', verdict.Sentences)}</p>\n");
    }
}
