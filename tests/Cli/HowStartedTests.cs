using Lab.Cli;
using Lab.Report.Documents;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>A hint is the command as whoever reads it has to type it.</summary>
public sealed class HowStartedTests
{
    [Theory]
    [InlineData("dotnet run -c Release -- compare a b", "/x/lab compare a b", "dotnet run -c Release --")]
    [InlineData("/opt/dotnet run -c Release compare a b", "/x/lab compare a b", "/opt/dotnet run -c Release --")]
    [InlineData("/opt/dotnet run --project /y/z -- compare a b", "/x/lab compare a b", "/opt/dotnet run --project /y/z --")]
    [InlineData("dotnet test", "./lab compare a b", "./lab")]
    [InlineData("bash", "dotnet bin/lab.dll compare a b", "dotnet bin/lab.dll")]
    [InlineData("make run compare a b", "lab compare a b", "lab")]
    [InlineData("bash", "lab something else", "lab")]
    [InlineData("", "", "lab")]
    public void It_is_taken_from_the_command_lines_of_the_process_and_of_its_parent(string parent, string own, string how) =>
        Assert.Equal(how, HowStarted.Of(own.Split(' '), parent.Split(' '), ["compare", "a", "b"]));

    [Fact]
    public void A_path_with_a_blank_is_quoted() =>
        Assert.Equal("'/my programs/lab'", HowStarted.Of(["/my programs/lab", "list"], [], ["list"]));

    [Fact]
    public void Commands_and_what_is_quoted_as_one_begin_with_it_and_nothing_else_changes()
    {
        StringWriter text = new();
        new TerminalWriter(text) { Started = "./lab" }.Write(new Document("lab run 1")
        {
            Answer = [new("The lab ran; 'lab list limits' says what 'labels' are.")],
            Next = [("to go on", "lab compare --resume x"), ("the log", "less labels")],
            Parts = [new Commands("again", "lab run", "LAB=1 lab run")],
        });
        Assert.Equal(
            ["The lab ran; './lab list limits' says what 'labels' are.", "to go on: ./lab compare --resume x",
                "the log: less labels", "", "again: ./lab run", "again: LAB=1 lab run", ""], text.ToString().Split('\n'));
    }

    [Fact]
    public void What_is_quoted_in_a_list_of_verbs_begins_with_it_too()
    {
        StringWriter text = new();
        new TerminalWriter(text) { Started = "./lab" }.Write(new Document("")
        {
            Parts = [new Table(["name", "text"], [["bench", "as in 'lab bench peers'"]]) { IsFacts = true }],
        });
        Assert.Contains("bench  as in './lab bench peers'", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_started_by_its_path_says_so_in_its_refusals()
    {
        LabExit lab = LabProcess.Run("no-such-verb");
        Assert.Equal(2, lab.Code);
        Assert.EndsWith($"See 'dotnet {LabProcess.Program} --help'.", lab.Error.TrimEnd(), StringComparison.Ordinal);
    }
}
