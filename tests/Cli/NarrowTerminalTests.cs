using Lab.Report.Documents;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Documents in any width: lines end between cells and words, once, and never in a number.</summary>
public sealed class NarrowTerminalTests
{
    private static readonly Column[] Columns = ["strategy", .. Column.Numbers("count", "p50", "p99", "p99.9", "max")];

    private static readonly Document Fault = new("")
    {
        Parts = [new Section("memslot-churn on radix", [new Section("fault",
            [new Table(Columns, [["workqueue", "9,829,616", "125 ns", "480 ns", "1.22 µs", "141 ms"]])])])],
    };

    [Theory]
    [InlineData(40, "Whether mainline is slower than baseline is undecided: 2 of 4.",
        "Whether mainline is slower than", "  baseline is undecided: 2 of 4.")]
    [InlineData(80, "Whether mainline is slower than baseline is undecided: 2 of 4.",
        "Whether mainline is slower than baseline is undecided: 2 of 4.")]
    [InlineData(40, "  folder: /a/name/that/is/longer/than/forty/columns/and/stays/whole", "  folder:",
        "    /a/name/that/is/longer/than/forty/columns/and/stays/whole")]
    [InlineData(40, "short", "short")]
    public void Prose_breaks_between_words_in_the_width_there_is(int width, string text, params string[] lines) =>
        Assert.Equal(string.Concat(lines.Select(line => line + "\n")), Written(new Document("") { Parts = [new Prose(text)] },
            width));

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void A_report_has_every_number_whole_and_no_line_too_long(int width)
    {
        using TemporaryFolder folder = new();
        RunRecord run = new RunStore(folder.Path).Open(SampleRun.WriteTo(folder.Path, runs: 1).Path);
        string text = Written(RunReport.Of(run), width);
        string[] commands = ["lab ", "to decide it: ", "beside all others: ", "the schedule that breaks it: "];
        Assert.All(text.Split('\n').Where(line => !commands.Any(line.StartsWith)), line => Assert.True(line.Length <= width,
            line));
        char[] blanks = [' ', '\n'];
        string[] words = text.Split(blanks, StringSplitOptions.RemoveEmptyEntries);
        Assert.All(Written(RunReport.Of(run), 1000).Split(blanks, StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Any(char.IsDigit)), word => Assert.Contains(word, words));
    }

    [Fact]
    public void A_row_that_does_not_fit_has_each_cell_behind_the_name_of_its_column()
    {
        Assert.Equal(
            """
            memslot-churn on radix: fault
            workqueue  count 9,829,616  p50 125 ns
              p99 480 ns  p99.9 1.22 µs  max 141 ms

            """.ReplaceLineEndings("\n"), Written(Fault, 40));
        Assert.Equal(
            """
            memslot-churn on radix: fault
            strategy       count     p50     p99    p99.9     max
            ─────────  ─────────  ──────  ──────  ───────  ──────
            workqueue  9,829,616  125 ns  480 ns  1.22 µs  141 ms

            """.ReplaceLineEndings("\n"), Written(Fault, 80));
    }

    [Fact]
    public void Words_of_a_table_are_wrapped_before_its_form_is_given_up()
    {
        Table table = new(["#", "zapper", "empty", "roots"], [["23", "set count of B 0→1", "", "B 1 {vcpu0}"], [], ["26",
            "put A 1→0", "", ""]]);
        Assert.Equal(
            """
            #   zapper    roots
            ──  ────────  ────────
            23  set       B 1
                count of  {vcpu0}
                B 0→1

            26  put A
                1→0

            """.ReplaceLineEndings("\n"), Written(new Document("") { Parts = [table] }, 22));
    }

    [Fact]
    public void Colours_say_good_doubtful_and_bad_and_what_text_brings_along_is_shown_and_not_obeyed()
    {
        using StringWriter output = new();
        Document document = new("") { Answer = [new("fine", Mood.Good), new("\e]0;owned\a", Mood.Bad), "plain"] };
        new TerminalWriter(output, 80, hasColour: true).Write(document);
        Assert.Equal("\e[32mfine\e[0m\n\e[31m␛]0;owned␇\e[0m\nplain\n", output.ToString());
        Assert.Equal("fine\n\e]0;owned\a\nplain\n", Written(document, 80)); // the console's writer cleans what has no colour
    }

    private static string Written(Document document, int width)
    {
        using StringWriter output = new();
        new TerminalWriter(output, width).Write(document);
        return output.ToString();
    }
}
