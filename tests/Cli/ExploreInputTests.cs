using Lab.Explorer;
using Lab.Explorer.Schedules;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What cannot be explored is said in one line, before anything is started.</summary>
public sealed class ExploreInputTests : IDisposable
{
    private readonly RunsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--strategy async-pot", "Did you mean 'async-put'?", "There are: baseline,")]
    [InlineData("--strategy ,", "--strategy is empty", "name at least one")]
    [InlineData("--strategy one-thread", "'one-thread' is a floor for measurements", "leave it out")]
    [InlineData("--scenario fast-zap-togle", "Did you mean 'fast-zap-toggle'?", "There are: fast-zap-put,")]
    [InlineData("--scenario ,", "--scenario is empty", "name at least one")]
    [InlineData("--scenario none.scenario", "--scenario 'none.scenario' cannot be read", "lab list scenarios")]
    [InlineData("--program reeders", "There is no program 'reeders'. Did you mean 'readers'?", "There are:")]
    [InlineData("--program readers --size 0", "--size '0'", "from 1 to")]
    [InlineData("--program readers --size 1000000", "--size '1000000'", "from 1 to")]
    [InlineData("--program readers --search bounded", "There is no --search value 'bounded'", "exhaustive, random")]
    [InlineData("--program readers --strategy mainline", "--strategy is for strategies", "leave it out with --program")]
    [InlineData("--size 3", "--size is for programs", "--program")]
    [InlineData("--model power", "There is no --model value 'power'", "sc, tso")]
    [InlineData("--search dfs", "There is no --search value 'dfs'", "exhaustive, bounded, random, pct, pos, urw")]
    [InlineData("--preemptions -1", "--preemptions '-1'", "from 0 to 1000")]
    [InlineData("--depth 0", "--depth '0'", "from 1 to 64")]
    [InlineData("--seed x", "--seed 'x'", "from 0 to")]
    [InlineData("--workers 0", "--workers '0'", "from 1 to 256")]
    [InlineData("--executions 0", "--executions '0'", "from 1 to")]
    [InlineData("--budget 3weeks", "--budget '3weeks'", "such as 5s")]
    [InlineData("--budget 0s", "--budget '0s'", "from 1ms")]
    [InlineData("--format csv", "There is no --format value 'csv'", "text, json, markdown")]
    [InlineData("--set vcpu=2 --scenario fast-zap-put", "There is no parameter 'vcpu'. Did you mean 'vcpus'?",
        "There are: vcpus")]
    [InlineData("--set vcpus", "--set 'vcpus'", "such as vcpus=2")]
    [InlineData("--set vcpus=many", "--set vcpus 'many'", "from 0 to 64")]
    [InlineData("--set vcpus=9 --scenario fast-zap-put", "Scenario 'fast-zap-put', line", "expected vCPUs from 0 to 7")]
    [InlineData("--set x=1 --scenario destroy", "--set 'x=1': destroy has no parameters", "")]
    [InlineData("--replay ", "--replay is empty", "leave it out")]
    [InlineData("--scenario ", "--scenario is empty", "leave it out")]
    [InlineData("--replay rubbish", "--replay: This is not a schedule string", "is printed with each failure")]
    [InlineData("--replay x9:async-put:fast-zap-toggle,vcpus=1:sc:00000000:a", "version 9", "search again")]
    [InlineData("--replay x1:async-put:fast-zap-toggle,vcpus=1:sc:00000000:a", "its checksum does not match", "Copy it again")]
    [InlineData("--replay x1:async-put:fast-zap-toggle,vcpus=1:sc", "schedule string is cut", "Copy it whole")]
    [InlineData("--budgett 2s", "There is no option '--budgett'", "Did you mean '--budget'?")]
    public void Nonsense_is_refused(string arguments, string complaint, string remedy) =>
        BadInputTests.AssertRefusal(LabHere.Run(["explore", .. arguments.Split(' ')]), complaint, remedy);

    [Theory]
    [InlineData("async-pot", "fast-zap-toggle,vcpus=1", "", "Did you mean 'async-put'?", "There are:")]
    [InlineData("async-put", "fast-zap-togle,vcpus=1", "", "Did you mean 'fast-zap-toggle'?", "There are:")]
    [InlineData("async-put", "fast-zap-toggle,vcpus=9", "", "Scenario 'fast-zap-toggle', line", "expected vCPUs from 0 to 7")]
    [InlineData("async-put", "fast-zap-toggle,vcpus=1", "--strategy xchg-put",
        "contradicts the replay string, which is for 'async-put'", "leave the option out")]
    [InlineData("async-put", "fast-zap-toggle,vcpus=1", "--scenario destroy",
        "contradicts the replay string, which is for 'fast-zap-toggle'", "leave the option out")]
    [InlineData("async-put", "fast-zap-toggle,vcpus=1", "--scenario all", "contradicts the replay string",
        "leave the option out")]
    [InlineData("async-put", "fast-zap-toggle,vcpus=1", "--seed 2", "--seed cannot be combined with --replay",
        "the string decides it")]
    public void A_schedule_that_does_not_belong_here_is_refused(
        string subject, string scenario, string arguments, string complaint, string remedy)
    {
        string replay = ScheduleText.Encode(ScheduleKey.Of(subject, scenario, MemoryModel.Sc, "code"), [0, 1, 0]);
        string[] more = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        BadInputTests.AssertRefusal(LabHere.Run(["explore", "--replay", replay, .. more]), complaint, remedy);
    }

    [Fact]
    public void A_file_that_is_no_scenario_is_refused_with_its_line()
    {
        string file = _folder.Beside("mine.scenario");
        File.WriteAllText(file, "# Mine.\nslot main 0 + 1\nthread vcpu0: tuch 0\n");
        BadInputTests.AssertRefusal(LabHere.Run("explore", "--scenario", file), "Scenario 'mine', line 3: expected 'touch G'",
            "found 'tuch 0'");
    }

    [Fact]
    public void Scenarios_and_programs_are_listed()
    {
        LabExit scenarios = LabHere.Run("list", "scenarios");
        Assert.Equal(0, scenarios.Code);
        Assert.Contains("fast-zap-toggle", scenarios.Out);
        Assert.All(scenarios.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("readers", LabHere.Run("list", "programs").Out);
    }
}
