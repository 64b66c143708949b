using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Programs;
using Lab.Mmu;
using Lab.Tests.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Candidates;

/// <summary>Code under memory models: the shapes of the literature and random programs, written as code that runs, have the
/// outcomes and executions of the same texts; under sc and tso those of the graph search.</summary>
public sealed class ScenesUnderModelsTests
{
    private const int RandomPrograms = 300;
    private const int TinyPrograms = 60;
    private const int CandidatesMax = 400;

    private static readonly MemoryModel[] Scheduled = [MemoryModel.Sc, MemoryModel.Tso];

    public static TheoryData<string> Shapes =>
        [.. LitmusRow.All.Where(row => ShapeScene.Exists(row.Threads)).Select(row => row.Name)];

    public static TheoryData<string> Programs =>
        [.. ClassicPrograms.All.Where(program => program.Name != "increments10").Select(program => program.Name)];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Code_has_the_outcomes_of_the_text_of_its_shape(string name)
    {
        LitmusRow row = LitmusRow.All.Single(one => one.Name == name);
        ShapeScene shape = new(row.Threads, row.Initial);
        LitmusTest test = LitmusTest.Read(Shape.Text(name.Replace(' ', '-'), row.Threads, shape.Question, row.Initial));
        bool hasGracePeriods = row.Threads.Contains("sync", StringComparison.Ordinal);
        foreach (MemoryModel model in MemoryModels.All)
        {
            if (hasGracePeriods && model is MemoryModel.Ra or MemoryModel.Rc11) continue;
            AssertSame(test, shape.Program, model, row.Text);
        }
    }

    /// <summary>With all orders, fences and dependencies that code has.</summary>
    [Fact]
    public void Random_code_has_the_outcomes_of_its_text()
    {
        foreach ((int seed, RandomProgram program) in RandomProgram.First(10 * RandomPrograms, CandidatesMax)
            .Where(one => RandomScene.Exists(one.Program)).Take(RandomPrograms))
        {
            // What a modification returns is a plain number, and nobody sees whether anything depends on it.
            if (program.Threads.Any(thread => thread.Any(one => one.On >= 0 && thread[one.On].What != Doing.Load))) continue;
            string text = program.Text($"seed{seed}");
            foreach (MemoryModel model in MemoryModels.All)
            {
                if (MemoryModels.HasLoadBuffering(model) && program.Threads.Any(Modifies)) continue;
                AssertSame(LitmusTest.Read(text), RandomScene.Of(program), model, text);
            }
        }

        static bool Modifies(Operation[] thread) =>
            thread.Any(one => one.What is Doing.Exchange or Doing.CompareExchange or Doing.Add);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_classic_program_has_the_executions_that_the_graph_search_has(string name)
    {
        ClassicProgram program = ClassicPrograms.Find(name)!;
        foreach (MemoryModel model in Scheduled) AssertAsGraph(program.OfSize(program.SizeMin), model, name);
    }

    [Fact]
    public void Random_code_that_waits_and_locks_has_the_executions_that_the_graph_search_has()
    {
        Random random = new(1);
        for (int count = 0; count < TinyPrograms; count++)
        {
            TinyProgram program = count % 2 == 0 ? TinyProgram.RandomWaiting(random) : TinyProgram.Random(random);
            foreach (MemoryModel model in Scheduled) AssertAsGraph(program.Scene, model, program.ToString());
        }
    }

    /// <summary>Plain numbers hide what depends on what: load buffering is left out, and the answer says that there would be
    /// more. Tracked values show it.</summary>
    [Theory]
    [InlineData(false, "00 01 10", "load buffering is excluded; without that there is '11'")]
    [InlineData(true, "00 01 10 11", "load buffering included")]
    public void Load_buffering_is_there_for_tracked_values_and_said_to_be_left_out_for_plain_ones(
        bool isTracked, string outcomes, string bound)
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word[] words = [scene.Word("x"), scene.Word("y")];
            ulong[] seen = new ulong[2];
            for (int thread = 0; thread < 2; thread++)
            {
                int own = thread;
                scene.Thread($"t{own}", machine =>
                {
                    if (isTracked) machine.LoadTracked(ref words[own].Value).Select(value => seen[own] = value);
                    else seen[own] = machine.LoadRelaxed(ref words[own].Value);
                    machine.StoreRelaxed(ref words[1 - own].Value, 1);
                });
            }
            scene.Outcome(() => string.Concat(seen));
        }, new ExploreSettings { Model = MemoryModel.Lkmm });
        Assert.Equal(outcomes, string.Join(' ', result.Outcomes.Keys.Order(StringComparer.Ordinal)));
        Assert.True(result.IsComplete);
        Assert.Contains(bound, result.Bound, StringComparison.Ordinal);
    }

    /// <summary>A comparison decides: what is stored afterwards waits for the load.</summary>
    [Theory]
    [InlineData(false, "00 01 10 11")]
    [InlineData(true, "00 01 10")]
    public void A_branch_on_a_tracked_value_is_a_control_dependency(bool decides, string outcomes)
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word[] words = [scene.Word("x"), scene.Word("y")];
            ulong[] seen = new ulong[2];
            for (int thread = 0; thread < 2; thread++)
            {
                int own = thread;
                scene.Thread($"t{own}", machine =>
                {
                    TrackedValue loaded = machine.LoadTracked(ref words[own].Value);
                    loaded.Select(value => seen[own] = value);
                    if (!decides || loaded >= 0UL) machine.StoreRelaxed(ref words[1 - own].Value, 1);
                });
            }
            scene.Outcome(() => string.Concat(seen));
        }, new ExploreSettings { Model = MemoryModel.Lkmm });
        Assert.Equal(outcomes, string.Join(' ', result.Outcomes.Keys.Order(StringComparer.Ordinal)));
        Assert.Equal("all executions; load buffering included", result.Bound);
    }

    /// <summary>A reader that follows a pointer needs no more than that, if it is seen to follow it.</summary>
    [Fact]
    public void A_reader_that_follows_a_tracked_pointer_is_right()
    {
        ExploreResult tracked = Exploring.Of(Reader(isTracked: true), new ExploreSettings { Model = MemoryModel.Lkmm });
        Assert.True(tracked is { Verdict: Verdict.NothingFound, IsComplete: true }, tracked.ToString());
        ExploreResult plain = Exploring.Of(Reader(isTracked: false), new ExploreSettings { Model = MemoryModel.Lkmm });
        Assert.Equal(Verdict.Violated, plain.Verdict);
        Assert.Contains(plain.Failure!.Execution!.Notes, note =>
            note.Contains("does not happen if each address is computed from the loads before it", StringComparison.Ordinal));
    }

    private static Action<Scene> Reader(bool isTracked) => scene =>
    {
        Word old = scene.Word("old", 1);
        Word fresh = scene.Word("fresh");
        Word head = scene.Word("head", old.Pointer);
        ulong seen = 0;
        scene.Thread("updater", machine =>
        {
            machine.StoreRelaxed(ref fresh.Value, 2);
            machine.Store(ref head.Value, fresh.Pointer);
        });
        scene.Thread("reader", machine =>
        {
            if (isTracked)
            {
                seen = (ulong)machine.LoadTracked(machine.LoadTracked(ref head.Value));
                return;
            }
            ulong node = machine.LoadRelaxed(ref head.Value);
            seen = machine.LoadRelaxed(ref node == old.Pointer ? ref old.Value : ref fresh.Value);
        });
        scene.Check(() => seen == 0 ? "a node that is not made yet" : null);
    };

    private static void AssertSame(LitmusTest test, Action<Scene> program, MemoryModel model, string told)
    {
        ExploreResult code = Under(program, new ExploreSettings { Model = model });
        Assert.True(code is { Verdict: Verdict.NothingFound, IsComplete: true }, $"{model}: {code}\n{told}");
        string expected = Told(Asking.Of(test, model).States.Select(state =>
            KeyValuePair.Create(ShapeScene.Ordered(state.Key), state.Value)));
        Assert.True(expected == Told(code.Outcomes), $"{model}\n{told}\nexpected\n{expected}\nbut\n{Told(code.Outcomes)}");
    }

    private static void AssertAsGraph(Action<Scene> program, MemoryModel model, string told)
    {
        ExploreSettings settings = new() { Model = model, KeepGoing = true };
        ExploreResult graph = Exploring.Of(program, settings);
        ExploreResult candidates = Under(program, settings);
        Assert.True(graph.Verdict == candidates.Verdict, $"{told} under {model}: {graph.Verdict}, but {candidates}");
        Assert.True(graph.IsComplete == candidates.IsComplete, $"{told} under {model}: {graph.Bound}, but {candidates.Bound}");
        Assert.True(graph.Executions == candidates.Executions && Told(graph.Outcomes) == Told(candidates.Outcomes),
            $"{told} under {model}: {graph.Executions} executions\n{Told(graph.Outcomes)}\nbut {candidates.Executions}\n"
                + Told(candidates.Outcomes));
    }

    private static string Told(IEnumerable<KeyValuePair<string, long>> outcomes) =>
        string.Join('\n', outcomes.Select(outcome => $"{outcome.Value} × {outcome.Key}").Order(StringComparer.Ordinal));

    private static ExploreResult Under(Action<Scene> program, ExploreSettings settings) =>
        Explore.ByCandidates(program, settings, cancellation: TestContext.Current.CancellationToken);
}
