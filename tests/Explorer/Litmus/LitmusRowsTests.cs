using Lab.Explorer;
using Lab.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Shapes of the literature have, under each model, the verdict that other tools and manuals give them, and the number
/// of states where that is published.</summary>
public sealed class LitmusRowsTests
{
    public static TheoryData<string> Names => [.. LitmusRow.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shape_has_its_verdict_and_its_states(string name)
    {
        LitmusRow row = LitmusRow.All.Single(one => one.Name == name);
        LitmusTest test = LitmusTest.Read(row.Text);
        foreach ((MemoryModel model, bool isAllowed, int? states) in row.Expected)
        {
            LitmusAnswer answer = Asking.Of(test, model);
            Assert.True(answer.IsComplete);
            Assert.True(isAllowed == answer.Happens, $"{MemoryModels.NameOf(model)}: {string.Join('\n', answer.Summary)}");
            if (states is { } count) Assert.Equal(count, answer.States.Count);
            Assert.Equal(isAllowed, answer.Witness is { ForbiddenBy: null });
            Assert.True(answer.Seconds <= 1, $"{answer.Seconds} s");
        }
    }

    public static TheoryData<string, string> Marked =>
        [.. LitmusRow.All.SelectMany(row => row.Marked.Select(model => (row.Name, MemoryModels.NameOf(model))))];

    /// <summary>What nobody else has published: the enumeration says what the row does, and so does the engine.</summary>
    [Theory]
    [MemberData(nameof(Marked))]
    public void A_verdict_of_our_own_is_that_of_an_enumeration(string name, string model)
    {
        LitmusRow row = LitmusRow.All.Single(one => one.Name == name);
        MemoryModel asked = MemoryModels.All.Single(one => MemoryModels.NameOf(one) == model);
        bool isAllowed = row.Expected.Single(one => one.Model == asked).IsAllowed;
        (string threads, string condition) = row.WithoutPointers ?? (row.Threads, row.Condition);
        ShapeProgram shape = ShapeProgram.Of(threads)!;
        SortedDictionary<string, long> states = BruteForce.Of(shape.Program)[asked];
        Assert.Equal(isAllowed, states.Keys.Any(state => shape.Holds(condition, state)));
        Assert.Equal(isAllowed, Asking.Of(LitmusTest.Read(row.Text), asked).Happens);
        Assert.Equal(states, Asking.Of(LitmusTest.Read(shape.Program.Text("enumerated")), asked).States);
    }

    /// <summary>Where others have published it, the enumeration has been checked by it, too.</summary>
    [Fact]
    public void Most_rows_are_enumerated_under_every_model()
    {
        int rows = 0;
        foreach (LitmusRow row in LitmusRow.All)
        {
            (string threads, string condition) = row.WithoutPointers ?? (row.Threads, row.Condition);
            if (condition.Contains('(', StringComparison.Ordinal) || ShapeProgram.Of(threads) is not { } shape) continue;
            rows++;
            Dictionary<MemoryModel, SortedDictionary<string, long>> states = BruteForce.Of(shape.Program);
            foreach ((MemoryModel model, bool isAllowed, _) in row.Expected)
            {
                Assert.Equal((row.Name, model, isAllowed),
                    (row.Name, model, states[model].Keys.Any(state => shape.Holds(condition, state))));
            }
        }
        Assert.InRange(rows, 60, LitmusRow.All.Count);
    }
}
