using Lab.Cli;
using Lab.Report.Documents;
using Lab.Results;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>Standard output or error that takes nothing, text that would move a terminal's cursor, and too few
/// descriptors.</summary>
public sealed class ClosedOutputTests : IDisposable
{
    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData(">&-", "it is closed", "redirect it to a file or a terminal")]
    [InlineData(">/dev/full", "No space left", "free space there")]
    [InlineData("<&- >&-", "it is closed", "redirect it to a file or a terminal")]
    public void Results_that_cannot_be_printed_are_said_to_be_lost_and_kept_in_the_folder(
        string redirection, string why, string remedy)
    {
        LabExit lab = LabProcess.RunIn($"exec \"$@\" {redirection}", _runs.Tiny());

        Assert.True(lab.Code == 2, lab.Error);
        string said = Assert.Single(lab.ErrorLines, line => line.StartsWith("lab: ", StringComparison.Ordinal));
        Assert.StartsWith($"lab: The output cannot be written ({why}", said, StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
        RunRecord run = _runs.OpenOnly();
        Assert.Equal(RunState.Complete, run.State);
        Assert.EndsWith($"The run is kept in '{run.Folder}'; 'dotnet {LabProcess.Program} report "
            + $"{run.Folder}' prints it again.", said,
            StringComparison.Ordinal);
    }

    /// <summary>A full disk, a reader that has gone and a terminal that is closed are not helped by the same.</summary>
    [Theory]
    [InlineData(28, "free space there")]
    [InlineData(122, "free space there")]
    [InlineData(32, "who read it has gone")]
    [InlineData(5, "redirect it to a file or a terminal that is open")]
    public void Output_that_is_lost_is_told_with_what_helps_against_that(int errno, string remedy)
    {
        using PlainWriter writer = new(new Refusing(errno));
        writer.Write("x");
        string said = writer.Loss!.Said;
        Assert.StartsWith("The output cannot be written (so it is); ", said, StringComparison.Ordinal);
        Assert.Contains(remedy, said, StringComparison.Ordinal);
        Assert.Equal(errno is 28 or 122, said.Contains("free space", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2>&-", 0)]
    [InlineData("2>/dev/full", 0)]
    [InlineData(">/dev/full 2>/dev/full", 2)]
    [InlineData("<&- >&- 2>&-", 2)]
    public void A_run_whose_complaints_nobody_hears_is_measured_all_the_same(string redirection, int code)
    {
        Assert.Equal(code, LabProcess.RunIn($"exec \"$@\" {redirection}", _runs.Tiny()).Code);
        Assert.Equal(RunState.Complete, _runs.OpenOnly().State);
    }

    /// <summary>And goes on to its end: a finding is not hidden by the output that it could not be printed to.</summary>
    [Theory]
    [InlineData(2, "list")]
    [InlineData(2, "--help")]
    [InlineData(2, "doctor", "--quick")]
    [InlineData(4, "explore", "--strategy", "async-put")]
    [InlineData(4, "explore", "--strategy", "async-put", "--scenario", "fast-zap-toggle", "--format", "json")]
    public void Every_verb_says_that_its_output_is_lost(int code, params string[] verb)
    {
        LabExit lab = LabProcess.RunIn("exec \"$@\" >/dev/full", verb);

        Assert.True(lab.Code == code, lab.Error);
        Assert.StartsWith("lab: The output cannot be written (No space left on device)", lab.ErrorLines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_leaves_costs_its_part_of_the_output_only()
    {
        Assert.Equal(0, LabProcess.RunIn("set -o pipefail; \"$@\" | true", "list").Code);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(99)]
    public void Too_few_descriptors_are_refused_with_how_many_are_needed(int limit)
    {
        LabExit lab = LabProcess.RunIn($"ulimit -n {limit}; exec \"$@\"", _runs.Tiny());

        Assert.Equal((2, ""), (lab.Code, lab.Out));
        Assert.Matches(
            $"^lab: {limit} files may be open at once, and the lab needs [0-9]+: raise the limit with ulimit -n", lab.Error);
        Assert.False(Directory.Exists(_runs.Path));
    }

    [Fact]
    public void As_many_as_it_says_are_enough()
    {
        LabExit lab = LabProcess.RunIn("ulimit -n 160; exec \"$@\"",
            _runs.Tiny("--watch", "on", "--strategy", "all", "--vcpus", "4", "--duration", "300ms"));

        Assert.True(lab.Code == 0, lab.Error);
    }

    /// <summary>What a manifest, a plugin and a scenario say is printed by every verb through the same writers.</summary>
    [Fact]
    public void What_a_file_says_reaches_nobody_as_an_escape()
    {
        string evil = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eevil\r";
        LabHere.Run(_runs.Tiny());
        string manifest = Path.Combine(_runs.OpenOnly().Folder, "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"strategy\": \"workqueue",
            $"\"strategy\": {System.Text.Json.JsonSerializer.Serialize("workqueue" + evil)[..^1]}", StringComparison.Ordinal));
        string scenario = _runs.Beside($"s{evil}.scenario");
        File.WriteAllText(scenario, $"story {evil}\nthread {evil}: {evil}\n");

        foreach (LabExit lab in (LabExit[])[LabHere.Run("list", "runs", "--out", _runs.Path),
            LabHere.Run("report", "latest", "--out", _runs.Path, "--format", "markdown"),
            LabHere.Run("explore", "--strategy", "mainline", "--scenario", scenario), LabHere.Run(evil),
            LabHere.Run("--strategy", evil)])
        {
            Assert.True(lab.Code is 0 or 2, lab.Error);
            Assert.DoesNotContain(lab.Out + lab.Error,
                one => (char.IsControl(one) && one is not '\n' and not '\t') || one == '\u202e');
        }
        Assert.Contains("␛]0;owned␇", LabHere.Run(evil).Error);
    }

    private sealed class Refusing(int errno) : StringWriter
    {
        public override void Write(string? value) => throw new IOException("so it is.", errno);
    }

    [Fact]
    public void Clean_text_is_left_as_it_is()
    {
        string text = "mainline\tp99.9 12 µs → 1.5×\n";
        Assert.Same(text, PlainText.Clean(text));
    }
}
