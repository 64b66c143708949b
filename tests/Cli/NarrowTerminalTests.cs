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
        writer.Flush();
        string[] lines = narrow.ToString().Split('\n');
        Assert.All(lines.Where(line => line.Trim().Contains(' ')), line => Assert.True(line.Length <= 40, line));
        char[] blanks = [' ', '\n'];
        string[] words = narrow.ToString().Split(blanks, StringSplitOptions.RemoveEmptyEntries);
        Assert.All(wide.Split(blanks, StringSplitOptions.RemoveEmptyEntries).Where(word => word.Any(char.IsDigit)),
            word => Assert.Contains(word, words));
    }

    [Fact]
    public void A_row_that_does_not_fit_has_each_cell_behind_the_name_of_its_column() =>
        Assert.Equal(
            """
            memslot-churn on radix: fault
            workqueue  count 9,829,616  p50 125 ns
              p99 480 ns  p99.9 1.22 µs  max 141 ms

            clean: no stale access
            """.ReplaceLineEndings("\n"),
            Narrow(
            """
            memslot-churn on radix: fault
            strategy       count     p50     p99    p99.9     max
            ─────────  ─────────  ──────  ──────  ───────  ──────
            workqueue  9,829,616  125 ns  480 ns  1.22 µs  141 ms

            clean: no stale access
            """));

    /// <summary>Cells that go on below, empty lines between threads, and what goes across the columns.</summary>
    [Fact]
    public void A_schedule_has_each_step_in_lines_of_its_own() =>
        Assert.Equal(
            """
            23  vcpu0 set count of B 0→1
              at RootStrategy:178  roots B 1 {vcpu0}

            26  zapper: one that is long
            27  zapper put A 1→0  at Baseline:9

            28  zapper grace period of memslots
              (SRCU)

            # no row
            """.ReplaceLineEndings("\n"),
            Narrow(
            """
            #   zapper         vcpu0           at                roots
            ──  ─────────────  ──────────────  ────────────────  ──────────
            23                 set count of B  RootStrategy:178  B 1
                               0→1                               {vcpu0}

            26  zapper: one that is long
            27  put A 1→0                      Baseline:9

            28  grace period
                of memslots
                (SRCU)

            # no row
            """));

    [Theory]
    [InlineData("name  value\n────  ─────\na     1\n", "name  value\n────  ─────\na     1\n")]
    [InlineData("a  b\n", "a  b\n")]
    [InlineData("a  b\nno table\n", "a  b\nno table\n")]
    public void What_fits_is_left_as_it_is(string text, string same) => Assert.Equal(same, Narrow(text));

    private static string Narrow(string text)
    {
        using StringWriter narrow = new();
        using NarrowWriter writer = new(narrow, 40);
        writer.Write(text.ReplaceLineEndings("\n"));
        writer.Flush();
        return narrow.ToString();
    }
}
