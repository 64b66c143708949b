using System.Globalization;
using System.Text;
using Lab.Results;

namespace Lab.Plots;

/// <summary>
/// A run as one page that needs nothing else: verdict first, then tables and figures scene by scene, then the evidence. Reads
/// on a phone, on paper, in the dark, and without script.
/// </summary>
public static class HtmlReport
{
    /// <exception cref="ResultsUnwritableException">An older report of that name is still whole.</exception>
    public static void Write(RunRecord run, string path)
    {
        var html = Encoding.UTF8.GetBytes(Render(run));
        StagedFiles.WriteOne(path, to => to.Write(html));
    }

    public static string Render(RunRecord run)
    {
        var html = new HtmlText();
        html.Add($"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        html.Add($"<title>lab run {run.Manifest.Id}</title><style>\n");
        html.AddOwn(ReportStyle.Css);
        html.Add($"</style></head><body><main>\n");
        WriteHead(html, run);
        var figures = Figures.Of(run).ToLookup(figure => figure.Scene);
        foreach (var (index, scene) in run.Scenes.Index())
        {
            html.Add($"<h2 id=\"scene{index}\">{scene.ToString()}</h2>");
            ReportTables.Write(html, run, scene);
            foreach (var figure in figures[scene])
            {
                html.Add($"<figure class=\"scroll\">");
                html.AddDrawing(figure.Plot);
                html.Add($"</figure>\n");
            }
        }

        ReportAppendix.WriteViolations(html, run);
        ReportAppendix.WriteDisturbances(html, run);
        ReportKernelEvents.Write(html, run);
        ReportAppendix.WriteEnvironment(html, run);
        html.Add($"</main><script>\n");
        html.AddOwn(ReportStyle.Script);
        html.Add($"</script></body></html>\n");
        return html.ToString();
    }

    private static void WriteHead(HtmlText html, RunRecord run)
    {
        var manifest = run.Manifest;
        html.Add($"<h1>lab run {manifest.Id}");
        if (run.State == RunState.Partial)
            html.Add($"<span class=\"mark bad\">PARTIAL</span>");
        html.Add($"</h1><p class=\"soft\">{manifest.StartedUtc.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)} · {manifest.Machine.Cpu}, ");
        html.Add($"{manifest.Machine.Cores} cores · Linux {manifest.Machine.Kernel} · .NET {manifest.Runtime.Dotnet}</p>");
        var verdict = new VerdictText(run);
        html.Add($"<p class=\"verdict {verdict.Class}\">{string.Join(' ', verdict.Sentences)}</p>\n<nav>");
        foreach (var (index, scene) in run.Scenes.Index())
            html.Add($"<a href=\"#scene{index}\">{scene.ToString()}</a>");
        html.Add($"<a href=\"#violations\">violations</a><a href=\"#disturbances\">disturbances</a>");
        if (run.KernelEvents.Count > 0)
            html.Add($"<a href=\"#kernel-events\">kernel events</a>");
        html.Add($"<a href=\"#environment\">environment</a></nav>\n");
    }
}
