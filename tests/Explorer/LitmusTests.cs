using Lab.Explorer;
using Lab.Explorer.Programs;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Which outcomes the models allow, as in the literature on x86-TSO (Sewell et al., CACM 2010), and what the classic
/// programs prove.</summary>
public sealed class LitmusTests
{
    public static TheoryData<string, MemoryModel> Programs
    {
        get
        {
            TheoryData<string, MemoryModel> rows = [];
            foreach (ClassicProgram program in ClassicPrograms.All)
            {
                rows.Add(program.Name, MemoryModel.Sc);
                rows.Add(program.Name, MemoryModel.Tso);
            }
            return rows;
        }
    }

    [Theory]
    [InlineData("sb", "01 10 11", "00 01 10 11")]
    [InlineData("mp", "00 01 11", "00 01 11")]
    [InlineData("lb", "00 01 10", "00 01 10")]
    [InlineData("2+2w", "12 21 22", "12 21 22")]
    [InlineData("corr", "00 01 11", "00 01 11")]
    public void A_litmus_test_has_the_outcomes_of_its_model(string program, string underSc, string underTso)
    {
        Assert.Equal(underSc, Outcomes(program, MemoryModel.Sc));
        Assert.Equal(underTso, Outcomes(program, MemoryModel.Tso));
    }

    [Theory]
    [InlineData(MemoryModel.Sc)]
    [InlineData(MemoryModel.Tso)]
    public void Two_readers_never_see_two_writers_in_opposite_order(MemoryModel model)
    {
        string outcomes = Outcomes("iriw", model);
        Assert.DoesNotContain("1010", outcomes, StringComparison.Ordinal);
        Assert.Equal(15, outcomes.Split(' ').Length);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_classic_program_has_the_verdict_that_everybody_knows(string name, MemoryModel model)
    {
        ClassicProgram program = ClassicPrograms.Find(name)!;
        Assert.InRange(program.DefaultSize, program.SizeMin, program.SizeMax);
        ExploreResult result = Exploring.Of(program.OfSize(program.DefaultSize), new ExploreSettings { Model = model });
        Assert.Equal(model == MemoryModel.Sc ? program.UnderSc : program.UnderTso, result.Verdict);
        Assert.Equal(result.Verdict == Verdict.NothingFound, result.IsComplete);
        if (result.Failure is not { } failure) return;
        Assert.NotEmpty(failure.Steps);
        Assert.All(failure.Steps, step => Assert.InRange(step.Agent, 0, failure.Agents.Count - 1));
    }

    [Fact]
    public void A_size_that_a_program_does_not_have_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ClassicPrograms.Find("sb")!.OfSize(1));

    private static string Outcomes(string program, MemoryModel model)
    {
        ClassicProgram classic = ClassicPrograms.Find(program)!;
        ExploreResult result = Exploring.Of(classic.OfSize(classic.DefaultSize), new ExploreSettings { Model = model });
        Assert.True(result.IsComplete);
        Assert.Equal(result.Executions, result.Outcomes.Values.Sum());
        return string.Join(' ', result.Outcomes.Keys.Order(StringComparer.Ordinal));
    }
}
