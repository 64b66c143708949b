using Lab.Application.Settings;

namespace Lab.Report.Documents;

/// <summary>Something in every format that it has: the document for people, records for programs.</summary>
/// <param name="Document">Made when asked for.</param>
public sealed record Output(Func<Document> Document, Action<TextWriter> Csv, Func<string> Json)
{
    /// <param name="text">Where the document goes as a terminal shows it.</param>
    /// <param name="to">For all else.</param>
    public void Print(OutputFormat format, TerminalWriter text, TextWriter to)
    {
        if (format == OutputFormat.Csv) Csv(to);
        else if (format == OutputFormat.Json) to.WriteLine(Json());
        else if (format == OutputFormat.Markdown) new MarkdownWriter(to).Write(Document());
        else text.Write(Document());
    }
}
