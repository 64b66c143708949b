using Lab.Cli;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Forty columns: lines end between cells and words, never in a number.</summary>
public sealed class NarrowTerminalTests
{
    [Theory]
    [InlineData("baseline    1,397    120 µs    159 µs       –    210 µs", "baseline    1,397    120 µs    159 µs",
        "  –    210 µs")]
    [InlineData("Whether mainline is slower than baseline is undecided: 2 of 4.", "Whether mainline is slower than baseline",
        "  is undecided: 2 of 4.")]
    [InlineData("  folder: /a/name/that/is/longer/than/forty/columns/and/stays/whole", "  folder:",
        "    /a/name/that/is/longer/than/forty/columns/and/stays/whole")]
    [InlineData("                                                                worse, fixed by", "  worse, fixed by")]
    [InlineData("short", "short")]
    [InlineData("", "")]
    public void Lines_end_where_a_reader_breaks_them(string line, params string[] pieces) =>
        Assert.Equal(pieces, NarrowWriter.Broken(line, 40));

    [Fact]
    public void A_report_has_every_number_whole_in_forty_columns()
    {
        using TemporaryFolder folder = new();
        string run = SampleRun.WriteTo(folder.Path, runs: 1).Path, wide = LabHere.Run("report", run).Out;
        using StringWriter narrow = new();
        using NarrowWriter writer = new(narrow, 40);
        writer.Write(wide);
        string[] lines = narrow.ToString().Split('\n');
        Assert.All(lines.Where(line => line.Trim().Contains(' ')), line => Assert.True(line.Length <= 40, line));
        char[] blanks = [' ', '\n'];
        Assert.Equal(wide.Split(blanks, StringSplitOptions.RemoveEmptyEntries),
            narrow.ToString().Split(blanks, StringSplitOptions.RemoveEmptyEntries));
    }
}
