using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Tests.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Candidates;

/// <summary>Code under memory models: the shapes of the literature, written as code that runs, have the outcomes and executions
/// of the litmus tests of the same shape; under sc and tso those of the graph search.</summary>
public sealed class ScenesUnderModelsTests
{
    public static TheoryData<string> Shapes =>
        [.. LitmusRow.All.Where(row => ShapeScene.Exists(row.Threads)).Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Code_has_the_outcomes_of_the_text_of_its_shape(string name)
    {
        LitmusRow row = LitmusRow.All.Single(one => one.Name == name);
        ShapeScene shape = new(row.Threads, row.Initial);
        LitmusTest test = LitmusTest.Read(Shape.Text(name.Replace(' ', '-'), row.Threads, shape.Question, row.Initial));
        foreach (MemoryModel model in MemoryModels.All)
        {
            if (row.Threads.Contains("sync", StringComparison.Ordinal) && model is MemoryModel.Ra or MemoryModel.Rc11) continue;
            ExploreResult code = Under(shape.Program, model);
            Assert.True(code is { Verdict: Verdict.NothingFound, IsComplete: true }, $"{model}: {code}");
            IEnumerable<string> expected = Asking.Of(test, model).States.Select(state =>
                $"{state.Value} × {ShapeScene.Ordered(state.Key)}").Order(StringComparer.Ordinal);
            Assert.Equal(expected,
                code.Outcomes.Select(outcome => $"{outcome.Value} × {outcome.Key}").Order(StringComparer.Ordinal));
        }
    }

    private static ExploreResult Under(Action<Scene> program, MemoryModel model) => Explore.ByCandidates(program,
        new ExploreSettings { Model = model }, cancellation: TestContext.Current.CancellationToken);
}
