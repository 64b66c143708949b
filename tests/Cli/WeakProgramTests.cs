using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab explore --program</c> under models weaker than x86-TSO: what is printed, exit codes, replays.</summary>
public sealed partial class WeakProgramTests
{
    [Theory]
    [InlineData("dekker", "lkmm", 4)]
    [InlineData("dekker", "arm", 0)]
    [InlineData("dekker", "arm-ldapr", 4)]
    [InlineData("dekker-fenced", "lkmm", 0)]
    [InlineData("peterson-fenced", "arm", 0)]
    [InlineData("mp-spin", "rc11", 0)]
    [InlineData("sb", "ra", 0)]
    [InlineData("rw-lock", "lkmm", 0)]
    public void A_program_has_its_verdict_under_a_weak_model(string program, string model, int code) =>
        Assert.Equal(code, LabHere.Run("explore", "--program", program, "--size", program == "sb" ? "2" : "1", "--model", model)
            .Code);

    [Fact]
    public void A_failure_is_printed_with_its_execution_its_fix_and_a_command_that_replays_it()
    {
        LabExit lab = LabHere.Run("explore", "--program", "dekker", "--size", "1", "--model", "lkmm");
        Assert.Equal(4, lab.Code);
        Assert.Contains("a: W[release] flag0=1", lab.Out, StringComparison.Ordinal);
        Assert.Contains("cycle: a →po b →fr f →po g →fr a", lab.Out, StringComparison.Ordinal);
        Assert.Contains("it would be forbidden with a FullFence (smp_mb) before the load of flag1 by t0", Flowing(lab.Out),
            StringComparison.Ordinal);
        Assert.Contains("model lkmm: the Linux kernel's memory model", Flowing(lab.Out), StringComparison.Ordinal);
        LabExit again = LabHere.Run("explore", "--program", "dekker", "--size", "1", "--replay", Replay(lab.Out));
        Assert.Equal(4, again.Code);
        Assert.Contains("cycle: a →po b →fr f →po g →fr a", again.Out, StringComparison.Ordinal);
    }

    /// <summary>The string decides the model, whichever it is.</summary>
    [Fact]
    public void A_replay_of_a_program_knows_its_model()
    {
        LabExit lab = LabHere.Run("explore", "--program", "dekker", "--size", "1", "--model", "tso");
        Assert.Equal(4, lab.Code);
        Assert.Equal(4, LabHere.Run("explore", "--program", "dekker", "--size", "1", "--replay", Replay(lab.Out)).Code);
    }

    [Fact]
    public void Json_has_the_execution_and_the_fixes()
    {
        LabExit lab = LabHere.Run("explore", "--program", "dekker", "--size", "1", "--model", "arm-ldapr", "--format", "json");
        Assert.Equal(4, lab.Code);
        JsonElement one = JsonDocument.Parse(lab.Out).RootElement;
        Assert.Equal(("arm-ldapr", "violated", "check"), (one.GetProperty("model").GetString(),
            one.GetProperty("verdict").GetString(), one.GetProperty("invariant").GetString()));
        JsonElement first = one.GetProperty("events")[0];
        Assert.Equal(("a", "t0", "W[release] flag0=1"), (first.GetProperty("event").GetString(),
            first.GetProperty("thread").GetString(), first.GetProperty("text").GetString()));
        Assert.Equal(4, one.GetProperty("cycle").GetArrayLength());
        Assert.NotEqual(0, one.GetProperty("fixes").GetArrayLength());
    }

    private static string Replay(string text) => Quoted().Match(text.ReplaceLineEndings("\n")).Groups[1].Value;

    private static string Flowing(string text) => Breaks().Replace(text, " ");

    [GeneratedRegex(@"--replay '([^']+)'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Breaks();
}
