using Lab.Explorer;
using Lab.Explorer.Programs;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>A search that is cut is the search: what its slices find, put together, is what the whole finds.</summary>
public sealed class SearchSlicesTests
{
    public static TheoryData<string, int, MemoryModel> Programs => new(
        from one in ClassicPrograms.All
        where one.Name is not "increments10"
        from model in (MemoryModel[])[MemoryModel.Sc, MemoryModel.Tso]
        select (one.Name, Math.Min(one.DefaultSize, 5), model));

    [Theory]
    [MemberData(nameof(Programs))]
    public void Slices_add_up_to_the_whole_and_find_the_same_first(string name, int size, MemoryModel model)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        ClassicProgram program = ClassicPrograms.All.Single(one => one.Name == name);
        ExploreSettings settings = new() { Model = model };
        ExploreResult whole = Explore.Check(program.Make(size), settings, null, cancellation);
        foreach (int count in (int[])[1, 2, 7, 64])
        {
            IReadOnlyList<SearchSlice> slices = SearchSlices.Cut(program.Make(size), settings, count, cancellation);
            Assert.Equal(count, slices.Count);
            ExploreResult merged = SearchSlices.Merge([.. slices.Select(slice => Explore.Check(program.Make(size),
                settings with { Slice = SearchSlice.Parse(slice.ToString()) }, null, cancellation))]);
            Assert.Equal((whole.Verdict, whole.Executions, whole.Cut, whole.IsComplete, whole.EndedEarly, whole.Bound),
                (merged.Verdict, merged.Executions, merged.Cut, merged.IsComplete, merged.EndedEarly, merged.Bound));
            Assert.Equal(whole.Outcomes.OrderBy(one => one.Key), merged.Outcomes.OrderBy(one => one.Key));
            Assert.Equal((whole.Failure?.Finding, whole.Failure?.Replay), (merged.Failure?.Finding, merged.Failure?.Replay));
        }
    }

    /// <summary>Each slice has executions of a search that is large enough, so that cutting it is of use.</summary>
    [Fact]
    public void No_slice_of_a_large_search_is_most_of_it()
    {
        Action<Scene> fib = ClassicPrograms.All.Single(one => one.Name == "fib").Make(5);
        long[] executions = [.. SearchSlices.Cut(fib, new ExploreSettings(), 16, TestContext.Current.CancellationToken)
            .Select(slice => Explore.Check(fib, new ExploreSettings { Slice = slice }).Executions)];
        Assert.Equal(8953, executions.Sum());
        Assert.True(executions.Max() < 8953 / 2, string.Join(", ", executions));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0/1")]
    [InlineData("0..1..2")]
    [InlineData("0/x..")]
    [InlineData("-1..")]
    public void What_is_no_slice_is_refused(string text) => Assert.Throws<FormatException>(() => SearchSlice.Parse(text));
}
