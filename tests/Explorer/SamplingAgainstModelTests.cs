using Lab.Explorer;
using Lab.Explorer.Sampling;
using Lab.Explorer.Schedules;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Random programs, run by the explorer under every schedule and by a model of the machine that is written independently
/// and as plainly as can be: both must see the same outcomes.</summary>
public sealed class SamplingAgainstModelTests
{
    private enum Verb
    {
        Store,
        Load,
        Add,
        Fence,
        LoadThenMaybeStore,
        CompareExchange,
    }

    private sealed record Instruction(Verb Verb, int Word, ulong Operand);

    private const int Words = 2;

    [Theory]
    [InlineData(MemoryModel.Sc)]
    [InlineData(MemoryModel.Tso)]
    public void Outcomes_of_random_programs_are_those_of_the_model(MemoryModel model)
    {
        Dice dice = new(2026);
        int branching = 0;
        for (int index = 0; index < 150; index++)
        {
            Instruction[][] program = Draw(ref dice);
            SortedSet<string> expected = [];
            Model(new State(program.Length), program, model == MemoryModel.Tso, expected);
            using SampledProgram sampled = Declare(program);
            string text = string.Join(" || ",
                program.Select(thread => string.Join("; ", thread.Select(i => $"{i.Verb} {i.Word} {i.Operand}"))));
            Assert.True(expected.SetEquals(AllOutcomes(sampled, program.Length, model)), text);

            // What is drawn is never more, and guesses, which only drawing makes, change nothing.
            SortedSet<string> drawn =
                [.. sampled.Executions(new RandomWalk(1), 400, model).Select(execution => execution.Outcome!)];
            drawn.UnionWith(sampled.Executions(new Pos(2), 400, model).Select(execution => execution.Outcome!));
            Assert.True(drawn.IsSubsetOf(expected), text);
            if (program.Any(thread => thread.Any(instruction => instruction.Verb == Verb.LoadThenMaybeStore))) branching++;
        }
        Assert.True(branching > 50);
    }

    private static Instruction[][] Draw(ref Dice dice)
    {
        int threads = 2 + (int)dice.Below(2u);
        Instruction[][] program = new Instruction[threads][];
        for (int thread = 0; thread < threads; thread++)
        {
            program[thread] = new Instruction[threads == 2 ? 3 : 2];
            for (int place = 0; place < program[thread].Length; place++)
            {
                program[thread][place] = new Instruction((Verb)dice.Below(6u), (int)dice.Below((uint)Words), 1 + dice.Below(3u));
            }
        }
        return program;
    }

    private static SampledProgram Declare(Instruction[][] program) => new(scene =>
    {
        Word[] words = [.. Enumerable.Range(0, Words).Select(word => scene.Word($"w{word}"))];
        string[] read = new string[program.Length];
        for (int thread = 0; thread < program.Length; thread++)
        {
            int mine = thread;
            scene.Thread($"t{thread}", m =>
            {
                read[mine] = "";
                foreach ((Verb verb, int word, ulong operand) in program[mine].Select(i => (i.Verb, i.Word, i.Operand)))
                {
                    ref ulong place = ref words[word].Value;
                    switch (verb)
                    {
                        case Verb.Store:
                            m.Store(ref place, operand);
                            break;
                        case Verb.Load:
                            read[mine] += m.Load(ref place);
                            break;
                        case Verb.Add:
                            read[mine] += m.Add(ref place, operand);
                            break;
                        case Verb.Fence:
                            m.FullFence();
                            break;
                        case Verb.LoadThenMaybeStore:
                            if (m.Load(ref place) == 0) m.Store(ref place, operand);
                            break;
                        default:
                            read[mine] += m.CompareExchange(ref place, operand, 0);
                            break;
                    }
                }
            });
        }
        scene.Outcome(() => $"{string.Join('/', read)} {string.Join(',', words.Select(word => word.Value))}");
    });

    private static SortedSet<string> AllOutcomes(SampledProgram program, int threads, MemoryModel model)
    {
        SamplingRun run = new(program.Scene, new ExploreSettings { Model = model });
        AllWithin all = new(threads);
        all.Bound(99);
        SortedSet<string> outcomes = [];
        do
        {
            Assert.Null(run.Execute(all, true));
            outcomes.Add(run.Outcome!);
        }
        while (all.MoveNext());
        return outcomes;
    }

    /// <summary>A state of the model: where each thread is, what is in memory and on its way there, what each has read.</summary>
    private sealed class State(int threads)
    {
        public int[] Places { get; init; } = new int[threads];

        /// <summary>The second half of a load and store: the store is to be done next.</summary>
        public bool[] IsBetween { get; init; } = new bool[threads];

        public ulong[] Memory { get; init; } = new ulong[Words];

        public List<(int Word, ulong Value)>[] Buffers { get; init; } =
            [.. Enumerable.Range(0, threads).Select(_ => new List<(int, ulong)>())];

        public string[] Read { get; init; } = [.. Enumerable.Repeat("", threads)];

        public State Copy() => new(Places.Length)
        {
            Places = [.. Places],
            IsBetween = [.. IsBetween],
            Memory = [.. Memory],
            Buffers = [.. Buffers.Select(buffer => buffer.ToList())],
            Read = [.. Read],
        };

        public ulong See(int thread, int word)
        {
            int latest = Buffers[thread].FindLastIndex(entry => entry.Word == word);
            return latest < 0 ? Memory[word] : Buffers[thread][latest].Value;
        }
    }

    private static void Model(State state, Instruction[][] program, bool isTso, SortedSet<string> outcomes)
    {
        bool isOver = true;
        for (int thread = 0; thread < program.Length; thread++)
        {
            if (state.Buffers[thread].Count > 0)
            {
                isOver = false;
                State drained = state.Copy();
                (int word, ulong value) = drained.Buffers[thread][0];
                drained.Buffers[thread].RemoveAt(0);
                drained.Memory[word] = value;
                Model(drained, program, isTso, outcomes);
            }
            if (state.Places[thread] == program[thread].Length) continue;
            isOver = false;
            Instruction next = program[thread][state.Places[thread]];
            // A locked instruction or a fence waits until the thread's stores have reached memory.
            if (next.Verb is Verb.Add or Verb.Fence or Verb.CompareExchange && state.Buffers[thread].Count > 0) continue;
            State after = state.Copy();
            Do(after, thread, next, isTso);
            Model(after, program, isTso, outcomes);
        }
        if (isOver) outcomes.Add($"{string.Join('/', state.Read)} {string.Join(',', state.Memory)}");
    }

    private static void Do(State state, int thread, Instruction next, bool isTso)
    {
        state.Places[thread]++;
        switch (next.Verb)
        {
            case Verb.LoadThenMaybeStore when !state.IsBetween[thread]:
                if (state.See(thread, next.Word) != 0) break;
                state.IsBetween[thread] = true;
                state.Places[thread]--;
                break;
            case Verb.LoadThenMaybeStore:
            case Verb.Store:
                state.IsBetween[thread] = false;
                if (isTso) state.Buffers[thread].Add((next.Word, next.Operand));
                else state.Memory[next.Word] = next.Operand;
                break;
            case Verb.Load:
                state.Read[thread] += state.See(thread, next.Word);
                break;
            case Verb.Add:
                state.Memory[next.Word] += next.Operand;
                state.Read[thread] += state.Memory[next.Word];
                break;
            case Verb.CompareExchange:
                state.Read[thread] += state.Memory[next.Word];
                if (state.Memory[next.Word] == 0) state.Memory[next.Word] = next.Operand;
                break;
        }
    }
}
