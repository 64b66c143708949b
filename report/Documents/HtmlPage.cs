using System.Globalization;
using System.Text;
using Lab.Results;

namespace Lab.Report.Documents;

/// <summary>Documents as one page each that needs nothing else: the answer, a list of what follows, then the sections. Style and
/// script are the page's own; without the script everything is there, only unsorted.</summary>
public sealed class HtmlPage
{
    private readonly HtmlText _html = new();

    private HtmlPage()
    {
    }

    /// <exception cref="ResultsUnwritableException">An older page of that name is still whole.</exception>
    public static void Save(Document document, string path)
    {
        byte[] html = Encoding.UTF8.GetBytes(Render(document));
        StagedFiles.WriteOne(path, to => to.Write(html));
    }

    public static string Render(Document document)
    {
        HtmlPage page = new();
        page.Write(document);
        return page._html.ToString();
    }

    private void Write(Document document)
    {
        _html.Add($"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + $"content=\"width=device-width,initial-scale=1\"><title>{document.Title}</title><style>\n");
        _html.AddOwn(PageStyle.Css);
        _html.Add($"</style></head><body><main>\n<h1>{document.Heading ?? document.Title}");
        Write(document.Badge);
        _html.Add($"</h1><p class=\"soft\">{document.Place}</p><p class=\"verdict {Class(document.Mood)}\">");
        foreach (Prose sentence in document.Answer) _html.Add($"<span class=\"line\">{sentence.Text}</span> ");
        _html.Add($"</p>\n");
        foreach ((string what, string command) in document.Next) _html.Add($"<p class=\"next\">{what}: "
            + $"<code>{command}</code></p>\n");
        Section[] sections = [.. Seen(document.Parts).OfType<Section>().Where(section => section.Id.Length > 0)];
        if (sections.Length > 0)
        {
            _html.Add($"<nav>");
            foreach (Section section in sections)
            {
                _html.Add($"<a href=\"#{section.Id}\">{section.ShortName ?? section.Heading}</a>");
            }
            _html.Add($"</nav>\n");
        }
        foreach (Part part in Seen(document.Parts)) Write(part, 2);
        _html.Add($"</main><script>\n");
        _html.AddOwn(PageStyle.Script);
        _html.Add($"</script></body></html>\n");
    }

    private static IEnumerable<Part> Seen(IEnumerable<Part> parts) => parts.Where(part => part.For != Reader.Text);

    private void Write(Part part, int level)
    {
        switch (part)
        {
            case Prose prose:
                _html.Add($"<p class=\"{Class(prose.Mood)}\">{prose.Text}</p>\n");
                break;
            case Items { Texts.Count: > 0 } items:
                _html.Add($"<ul>");
                foreach (string text in items.Texts) _html.Add($"<li>{text}</li>");
                _html.Add($"</ul>\n");
                break;
            case Commands commands:
                if (commands.Label.Length > 0) _html.Add($"<p>{commands.Label}:</p>");
                _html.Add($"<pre>{string.Join('\n', commands.Lines)}</pre>\n");
                break;
            case Drawings drawings:
                foreach ((string _, string svg) in drawings.Draw())
                {
                    _html.Add($"<figure>");
                    _html.AddOwn(svg);
                    _html.Add($"</figure>\n");
                }
                break;
            case Table { Rows.Count: > 0 } table:
                Write(table.Seen(Reader.Page));
                break;
            case Section { Parts.Count: > 0 } section:
                Write(section, level);
                break;
        }
    }

    private void Write(Section section, int level)
    {
        if (section.IsFolded is { } isFolded)
        {
            _html.Add($"<details{(isFolded ? "" : " open")}><summary>");
            Head(section);
            _html.Add($"</summary>");
        }
        else
        {
            string tag = $"h{Math.Min(level, 5).ToString(CultureInfo.InvariantCulture)}";
            _html.Add($"<{tag}");
            if (section.Id.Length > 0) _html.Add($" id=\"{section.Id}\"");
            _html.Add($">");
            Head(section);
            _html.Add($"</{tag}>\n");
        }
        foreach (Part inner in Seen(section.Parts)) Write(inner, section.IsFolded is null ? level + 1 : level);
        if (section.IsFolded is not null) _html.Add($"</details>\n");
    }

    private void Head(Section section)
    {
        _html.Add($"{section.Heading}");
        Write(section.Badge);
        if (section.Note.Length > 0) _html.Add($" <span class=\"soft\">({section.Note})</span>");
    }

    private void Write(Table table)
    {
        string look = table.IsFacts ? "facts" : table.IsSortable ? "sortable" : "events";
        _html.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"table\"><table class=\"{look}\">");
        if (!table.IsFacts)
        {
            _html.Add($"<thead><tr>");
            foreach (Column column in table.Columns)
            {
                _html.Add($"<th scope=\"col\" class=\"{(column.IsNumber ? "" : "word")}\">");
                if (table.IsSortable) _html.Add($"<button type=\"button\">{column.Header}</button></th>");
                else _html.Add($"{column.Header}</th>");
            }
            _html.Add($"</tr></thead>");
        }
        _html.Add($"<tbody>\n");
        foreach (IReadOnlyList<Cell> row in table.Rows.Where(row => row.Count > 0))
        {
            string kind = row[0].Badge is { } badge && table.IsSortable ? badge.Text.ToLowerInvariant() : "";
            _html.Add($"<tr class=\"{kind}\">");
            foreach ((int index, Cell cell) in row.Index()) Write(table, row, index, cell);
            _html.Add($"</tr>\n");
        }
        _html.Add($"</tbody></table></div>\n");
    }

    private void Write(Table table, IReadOnlyList<Cell> row, int index, Cell cell)
    {
        string tag = table.IsFacts && index == 0 ? "th" : "td";
        if (table.IsFacts && index == 0) _html.Add($"<th scope=\"row\">");
        else if (!table.IsSortable) _html.Add($"<td>");
        else if (table.Columns[index].IsNumber || index == 0) _html.Add($"<td data-value=\"{Key(cell)}\">");
        else _html.Add($"<td class=\"word\" data-value=\"{Key(cell)}\">");
        if (!string.IsNullOrEmpty(cell.Sign)) _html.Add($"<span class=\"verdict-mark {Class(cell.Mood)}\">{cell.Sign}</span> ");
        _html.Add($"{cell.Text}");
        Write(cell.Badge);
        // Where the cell with the sign is scrolled out of sight, its sign stands beside the name.
        if (index == 0 && row.FirstOrDefault(one => !string.IsNullOrEmpty(one.Sign)) is { Sign: { } sign } marked)
        {
            _html.Add($"<span class=\"verdict-mark narrow {Class(marked.Mood)}\">{sign}</span>");
        }
        _html.Add($"</{tag}>");
    }

    private static string Key(Cell cell) => cell.Key switch
    {
        null => cell.Text,
        double number => double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "",
        { } key => Convert.ToString(key, CultureInfo.InvariantCulture) ?? "",
    };

    private void Write(Badge? badge)
    {
        if (badge is { } one) _html.Add($"<span class=\"mark {Class(one.Mood)}\">{one.Text}</span>");
    }

    private static string Class(Mood mood) => mood is Mood.Plain ? "" : mood.ToString().ToLowerInvariant();
}
