using System.Globalization;
using System.Text;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Searches against each other on scenarios that nobody wrote: steps recalled against all run, exhaustive against
/// bounded by preemptions. With LAB_RANDOM=N, N of them from the same seeds on.</summary>
public sealed class RandomScenarioTests
{
    private const int PairsInCi = 16;
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    public static TheoryData<int> Seeds()
    {
        int pairs = int.TryParse(Environment.GetEnvironmentVariable("LAB_RANDOM"), CultureInfo.InvariantCulture, out int asked)
            ? asked : PairsInCi;
        return [.. Enumerable.Range(0, pairs)];
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Searches_agree_whatever_the_scenario(int seed)
    {
        Random random = new(seed);
        string[] subjects = [.. Catalogue.Roots.Where(one => !one.IsBound).Select(one => one.Name)];
        string strategy = subjects[random.Next(subjects.Length)], scenario = Draw(random);
        TestContext.Current.TestOutputHelper?.WriteLine($"{strategy} on\n{scenario}");
        StrategySettings settings = new() { Budget = Short, AsFound = true };
        ExploreResult recalled = Strategy.Explore(strategy, scenario, settings);
        ExploreResult run = Strategy.Explore(strategy, scenario, settings with { Recalls = false });
        ExploreResult bounded = Strategy.Explore(strategy, scenario,
            settings with { Search = StrategySearch.Bounded, PreemptionsMax = 2 });
        Assert.Null(recalled.WhyRun);
        AssertAgree(recalled, run);
        // Two preemptions do not show everything, but whatever they show is there.
        if (bounded.Verdict != Verdict.NothingFound) AssertAgree(recalled, bounded);
        if (recalled.IsComplete && run.IsComplete) Assert.Equal(run.States, recalled.States);
        foreach (ExploreResult result in (ExploreResult[])[recalled, run, bounded])
        {
            if (result.Verdict != Verdict.Violated) continue;
            ExploreResult again = Strategy.Replay(strategy, scenario, result.Failure!.Replay);
            Assert.Equal((Verdict.Violated, result.Failure.Finding), (again.Verdict, again.Failure?.Finding));
        }
    }

    /// <summary>A search that was not through may have missed what the other found.</summary>
    private static void AssertAgree(ExploreResult one, ExploreResult other)
    {
        if (IsSure(one) && IsSure(other)) Assert.Equal(one.Verdict, other.Verdict);

        static bool IsSure(ExploreResult result) => result.IsComplete || result.Verdict != Verdict.NothingFound;
    }

    /// <summary>Two slots, one or two vCPUs, and two or three threads of one or two actions each.</summary>
    private static string Draw(Random random)
    {
        string Pick(params string[] choices) => choices[random.Next(choices.Length)];
        int vcpus = random.Next(1, 3);
        StringBuilder text = new("slot main 0 + 2\nslot churn 2 + 1\n");
        for (int vcpu = 0; vcpu < vcpus; vcpu++)
        {
            text.Append($"before vcpu{vcpu}: {Pick("touch 0", "touch 0, touch 2", "write 1")}\n");
        }
        List<string> threads =
        [
            $"thread zapper: {Pick("delete churn", "delete churn, create churn", "move churn to 3")}",
            $"thread notifier: {Pick("unmap 0 + 1", "unmap 2 + 1", "reap 0 + 2", "unmap-start 2 + 1, unmap-end 2 + 1")}",
            $"thread logger: {Pick("write-protect main", "flags main dirty, collect main", "write-protect main all")}",
        ];
        for (int vcpu = 0; vcpu < vcpus; vcpu++)
        {
            threads.Add($"thread vcpu{vcpu}: {Pick("touch 0", "write 2", "reload", "unload", "switch smm", "touch 2, reload",
                "switch smm, switch normal", "reload, touch 0")}");
        }
        int count = random.Next(2, 4);
        while (threads.Count > count) threads.RemoveAt(random.Next(threads.Count));
        foreach (string thread in threads) text.Append(thread).Append('\n');
        if (random.Next(2) == 0) text.Append("end destroy\n");
        return text.ToString();
    }
}
