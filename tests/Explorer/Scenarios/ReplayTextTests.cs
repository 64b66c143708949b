using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Replay strings say what they are for, and are refused elsewhere.</summary>
public sealed class ReplayTextTests
{
    private const string Text = "# Story.\nparam vcpus = 1\nthreads vcpu0..vcpu{vcpus-1}: reload\n";

    [Theory]
    [InlineData(Text)]
    [InlineData("thread vcpu0: reload")]
    public void A_string_comes_back_as_it_went(string scenarioText)
    {
        Scenario scenario = ScenarioText.Parse("small", scenarioText);
        string made = ReplayText.Of("async-put", scenario, "tso/0a1b").ToString();
        ReplayText read = ReplayText.Parse(made);
        Assert.Equal(("async-put", "small", "tso/0a1b", made), (read.Strategy, read.Scenario, read.Schedule, read.ToString()));
        Assert.Equal(scenario.Parameters.Select(one => (one.Name, one.Value)), read.Parameters);
        read.DemandMadeOn(scenario);
    }

    [Theory]
    [InlineData("", "is not a replay string")]
    [InlineData("rubbish", "'rubbish' is not a replay string")]
    [InlineData("lab1/a/b", "is not a replay string")]
    [InlineData("lab1/a//-/12/34", "is not a replay string")]
    [InlineData("lab1/a/b/x/12/34", "is not a replay string")]
    [InlineData("lab2/a/b/-/12/34", "is of version 'lab2', and this program replays 'lab1'")]
    public void Rubbish_is_refused_in_a_sentence(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => ReplayText.Parse(text)).Message);

    [Fact]
    public void Another_scenario_or_another_version_of_it_is_refused()
    {
        ReplayText replay = ReplayText.Of("async-put", ScenarioText.Parse("small", Text), "00");
        Assert.Contains("not on 'other'", Assert.Throws<FormatException>(() => replay.DemandMadeOn(ScenarioText.Parse("other", Text))).Message);
        Scenario changed = ScenarioText.Parse("small", Text.Replace("reload", "unload", StringComparison.Ordinal));
        Assert.Contains("another version of scenario 'small'", Assert.Throws<FormatException>(() => replay.DemandMadeOn(changed)).Message);
    }
}
