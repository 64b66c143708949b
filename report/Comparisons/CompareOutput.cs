using Lab.Application.Comparing;
using Lab.Application.Settings;
using Lab.Report.Documents;
using Lab.Results.Comparisons;

namespace Lab.Report.Comparisons;

/// <summary>A comparison on standard output, in the format asked for.</summary>
public static class CompareOutput
{
    /// <param name="text">Where the document goes as a terminal shows it.</param>
    /// <param name="to">For all else.</param>
    /// <param name="notes">For what a parser must not trip over.</param>
    public static void Print(ArmComparison comparison, ComparisonFolder? folder, CompareFormat format, TerminalWriter text,
        TextWriter to, TextWriter notes)
    {
        Document Document() => ComparisonReport.Of(comparison, folder?.Manifest, folder?.Path);
        if (format == CompareFormat.Mmtests)
        {
            Document document = Document();
            text.Write(document with { Parts = [.. document.Parts.OfType<Items>()] });
            CompareMmtests.Write(comparison, to);
            return;
        }
        new Output(Document, csv => CompareRecords.WriteCsv(comparison, csv),
            () => Records.Json(CompareRecords.Of(comparison, folder))).Print(Enum.Parse<OutputFormat>(format.ToString()), text,
                to);
        if (format is not (CompareFormat.Csv or CompareFormat.Json)) return;
        foreach (string line in ComparisonWords.Alarm(comparison).Select(one => one.Text)
            .Concat(ComparisonWords.Agreement(comparison)).Concat(ComparisonWords.Problems(comparison)))
        {
            notes.WriteLine($"note: {line}");
        }
    }
}
