using Lab.Explorer;
using Lab.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Shapes have as many executions as other tools count; or, where those count otherwise, as many as
/// <see cref="BruteForce"/> does, which also shows what they count.</summary>
public sealed class ExecutionCountsTests
{
    /// <summary>Pairs of reads-from and coherence that are enumerated for one shape.</summary>
    private const double CandidatesMax = 100_000;

    private static IEnumerable<ExecutionCount> All => ExecutionCount.OfC11.Concat(ExecutionCount.OfTheKernel);

    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shape_has_as_many_executions_as_others_count(string name)
    {
        ExecutionCount one = Named(name);
        LitmusTest test = LitmusTest.Read(one.Text);
        string found = string.Join(' ',
            one.Expected.Select(expected => $"{expected.Model}:{Asking.Of(test, expected.Model).Executions}"));
        Assert.Equal(string.Join(' ', one.Expected.Select(expected => $"{expected.Model}:{expected.Executions}")), found);
    }

    /// <summary>The other way round: what the tests enumerate by themselves, without the engine, is what others count.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void So_many_has_an_enumeration(string name)
    {
        ExecutionCount one = Named(name);
        if (ShapeOf(one) is not { } shape) return;
        Dictionary<MemoryModel, SortedDictionary<string, long>> states = BruteForce.Of(shape.Program);
        foreach ((MemoryModel model, int executions) in one.Expected)
        {
            Assert.Equal((model, executions), (model, Count(shape, one, states[model])));
        }
    }

    [Fact]
    public void Most_shapes_can_be_enumerated() => Assert.InRange(All.Count(one => ShapeOf(one) is not null), 100, 200);

    /// <summary>GenMC counts with the release sequences of C++20 since its version 0.10; before, with those of 2017, in which the
    /// thread's own later stores go on with one. The numbers of 2017 are those of its version 0.3.</summary>
    [Theory]
    [InlineData("relseq", 20, 16)]
    [InlineData("MP+rels+acq", 4, 3)]
    [InlineData("MPU+rels+acq", 13, 12)]
    [InlineData("MPU2+rels+acq", 36, 35)]
    [InlineData("S+rels+acq", 4, 3)]
    public void Release_sequences_are_those_of_2020(string name, int executions, int of2017)
    {
        Assert.Equal(executions, Enumerated(Named(name), ReadingOfC11.Ours));
        Assert.Equal(executions, Enumerated(Named(name), ReadingOfC11.OfGenMc));
        Assert.Equal(of2017, Enumerated(Named(name), ReadingOfC11.Of2017));
    }

    /// <summary>Where GenMC counts less under RC11, its order of what is sequentially consistent is stronger than the paper's: in
    /// Z6.U it goes into the load of the read-modify-write and on with its store, which the paper leaves out on purpose, as POWER
    /// has that execution. Its version 0.3 counted as the paper does.</summary>
    [Theory]
    [InlineData("WWmerge1")]
    [InlineData("Z6.U")]
    public void The_order_of_what_is_sequentially_consistent_is_that_of_the_paper(string name)
    {
        ExecutionCount one = Named(name);
        int ours = UnderRc11(one);
        Assert.Equal(ours, Enumerated(one, ReadingOfC11.Ours));
        Assert.Equal(ours, Enumerated(one, ReadingOfC11.Of2017));
        Assert.Equal(one.OfGenMc, Enumerated(one, ReadingOfC11.OfGenMc));
    }

    /// <summary>Elsewhere the two agree.</summary>
    [Fact]
    public void GenMC_counts_otherwise_nowhere_else()
    {
        foreach (ExecutionCount one in ExecutionCount.OfC11.Where(one => one.OfGenMc is null && ShapeOf(one) is not null))
        {
            Assert.Equal((one.Name, UnderRc11(one)), (one.Name, Enumerated(one, ReadingOfC11.OfGenMc)));
        }
    }

    private static int Enumerated(ExecutionCount one, ReadingOfC11 reading)
    {
        ShapeProgram shape = ShapeOf(one)!;
        return Count(shape, one, BruteForce.Of(shape.Program, reading));
    }

    private static int Count(ShapeProgram shape, ExecutionCount one, SortedDictionary<string, long> states) =>
        (int)states.Where(state => one.Filter.Length == 0 || shape.Holds(one.Filter, state.Key)).Sum(state => state.Value);

    private static int UnderRc11(ExecutionCount one) =>
        one.Expected.Single(expected => expected.Model == MemoryModel.Rc11).Executions;

    /// <summary>Null if it cannot be enumerated, or not in a short time.</summary>
    private static ShapeProgram? ShapeOf(ExecutionCount one) =>
        one.Initial.Length == 0 && ShapeProgram.Of(one.Threads) is { Program.Candidates: <= CandidatesMax } shape ? shape : null;

    private static ExecutionCount Named(string name) => All.Single(one => one.Name == name);
}
