namespace Lab.Plots;

/// <summary>The frame of every report: one file that needs nothing else. A heading and a verdict, a list of what follows, then
/// the sections. Style and script are the page's own; without the script everything is there, only unsorted.</summary>
internal sealed class ReportPage(string title)
{
    private readonly List<(string Id, string Name)> _sections = [];

    /// <summary>What stands above the list of sections: heading, where and when, the verdict.</summary>
    internal HtmlText Head { get; } = new();

    internal HtmlText Body { get; } = new();

    /// <summary>Begins a section of the body, with an entry in the list.</summary>
    /// <param name="id">Letters, digits and dashes; unique on the page.</param>
    /// <param name="shortName">In the list; the heading itself where null.</param>
    internal void Section(string id, string heading, string? shortName = null)
    {
        _sections.Add((id, shortName ?? heading));
        Body.Add($"<h2 id=\"{id}\">{heading}</h2>\n");
    }

    internal void Figure(Plot plot)
    {
        Body.Add($"<figure class=\"scroll\" tabindex=\"0\">");
        Body.AddDrawing(plot);
        Body.Add($"</figure>\n");
    }

    /// <summary>The whole page.</summary>
    internal string Finish()
    {
        HtmlText html = new();
        html.Add($"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + $"content=\"width=device-width,initial-scale=1\">");
        html.Add($"<title>{title}</title><style>\n");
        html.AddOwn(ReportStyle.Css);
        html.Add($"</style></head><body><main>\n");
        html.Append(Head);
        html.Add($"<nav>");
        foreach ((string id, string name) in _sections) html.Add($"<a href=\"#{id}\">{name}</a>");
        html.Add($"</nav>\n");
        html.Append(Body);
        html.Add($"</main><script>\n");
        html.AddOwn(ReportStyle.Script);
        html.Add($"</script></body></html>\n");
        return html.ToString();
    }
}
