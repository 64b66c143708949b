using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>The schedule of a failure is one that a machine can execute: each step is done on memory and store buffers and must
/// find what it says.</summary>
public sealed partial class ScheduleTests
{
    private const int Programs = 60;

    [Theory]
    [InlineData(MemoryModel.Sc)]
    [InlineData(MemoryModel.Tso)]
    public void The_steps_of_a_failure_can_be_executed_as_they_are_told(MemoryModel model)
    {
        Random random = new(6);
        for (int count = 0; count < Programs; count++)
        {
            TinyProgram program = TinyProgram.Random(random);
            int chosen = random.Next(1, 12);
            ExploreResult result = Exploring.Of(scene =>
            {
                int executions = 0;
                program.Scene(scene);
                scene.Check(() => ++executions == chosen ? "chosen" : null);
            }, new ExploreSettings { Model = model });
            if (result.Failure is not { } failure) continue;
            Execute(program, failure.Steps);
        }
    }

    private static void Execute(TinyProgram program, IReadOnlyList<Step> steps)
    {
        Dictionary<string, ulong> memory = new() { ["x"] = 0, ["y"] = 0 };
        List<(string Word, ulong Value)>[] buffers = [.. program.Threads.Select(_ => new List<(string, ulong)>())];
        int[] made = new int[program.Threads.Length];
        foreach (Step step in steps)
        {
            List<(string Word, ulong Value)> buffer = buffers[step.Agent];
            string told = $"{program}: {string.Join("; ", steps.Select(each => $"t{each.Agent} {each.What}"))}: at "
                + $"t{step.Agent} {step.What}";
            if (Arrival().Match(step.What) is { Success: true } arrival)
            {
                Assert.Equal((arrival.Groups[1].Value, Number(arrival, 2)), buffer[0]);
                memory[buffer[0].Word] = buffer[0].Value;
                buffer.RemoveAt(0);
                continue;
            }
            made[step.Agent]++;
            if (Buffered().Match(step.What) is { Success: true } buffered)
            {
                buffer.Add((buffered.Groups[1].Value, Number(buffered, 2)));
            }
            else if (Load().Match(step.What) is { Success: true } load)
            {
                string word = load.Groups[1].Value;
                int own = buffer.FindLastIndex(store => store.Word == word);
                Assert.True((own >= 0 ? buffer[own].Value : memory[word]) == Number(load, 2), told);
            }
            else
            {
                Assert.True(buffer.Count == 0, told);
                if (step.What == "fence") continue;
                Match locked = Locked().Match(step.What);
                Assert.True(locked.Success, told);
                string word = locked.Groups["word"].Value;
                if (locked.Groups["found"].Success) Assert.True(memory[word] == Number(locked, "found"), told);
                if (locked.Groups["stored"].Success) memory[word] = Number(locked, "stored");
                else if (locked.Groups["added"].Success) memory[word] += Number(locked, "added");
                else if (memory[word] == Number(locked, "from")) memory[word] = Number(locked, "to");
            }
        }
        Assert.All(buffers, Assert.Empty);
        Assert.Equal(program.Threads.Select(ops => ops.Length), made);
    }

    private static ulong Number(Match match, int group) => ulong.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    private static ulong Number(Match match, string group) =>
        ulong.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^store (\w) = (\d+) reaches memory$")]
    private static partial Regex Arrival();

    [GeneratedRegex(@"^store (\w) = (\d+) \(into the store buffer\)$")]
    private static partial Regex Buffered();

    [GeneratedRegex(@"^load (\w) = (\d+)$")]
    private static partial Regex Load();

    [GeneratedRegex(
        @"^(?:store (?<word>\w) = (?<stored>\d+)|add (?<word>\w) \+(?<added>\d+) \(found (?<found>\d+)\)|compare-exchange (?<word>\w) (?<from>\d+)→(?<to>\d+) \(found (?<found>\d+)\))$")]
    private static partial Regex Locked();

    /// <summary>What a test framework prints of a failure is the schedule: each step, and the string that replays it.</summary>
    [Fact]
    public void The_exception_of_a_failure_is_its_schedule()
    {
        static void Program(Scene scene)
        {
            Word count = scene.Word("count", initial: 2);
            Word freed = scene.Word("freed");
            foreach (string holder in (string[])["vcpu", "zapper"])
            {
                scene.Thread(holder, machine =>
                {
                    machine.Add(ref count.Value, ulong.MaxValue);
                    if (machine.Load(ref count.Value) == 0) machine.Add(ref freed.Value, 1);
                });
            }
            scene.Check(() => freed.Value == 1 ? null : $"freed {freed.Value} times");
        }

        ExploreResult result = Exploring.Of(Program);
        ExplorationException thrown = Assert.Throws<ExplorationException>(result.ThrowUnlessNothingFound);
        string[] lines = thrown.Message.Split('\n');
        Assert.StartsWith("VIOLATED check — ", lines[0], StringComparison.Ordinal);
        Assert.Contains("freed 2 times", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["#", "vcpu", "zapper", ..]);
        Assert.All(result.Failure!.Steps,
            step => Assert.Contains(lines, line => line.Contains(step.What, StringComparison.Ordinal)));
        string replay = lines[^1]["replay: ".Length..];
        Assert.Equal(Verdict.Violated,
            Exploring.Of(Program, new ExploreSettings { Search = Search.Replay, Schedule = replay }).Verdict);

        ExploreResult early = result with { Verdict = Verdict.NothingFound, Failure = null, EndedEarly = true };
        Assert.Contains("INCOMPLETE", Assert.Throws<ExplorationException>(early.ThrowUnlessNothingFound).Message,
            StringComparison.Ordinal);
    }
}
