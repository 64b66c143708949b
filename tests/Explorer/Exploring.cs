using Lab.Explorer;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Explorations that end when the test is cancelled.</summary>
internal static class Exploring
{
    public static ExploreResult Of(Action<Scene> program, ExploreSettings? settings = null) =>
        Explore.Check(program, settings, observer: null, TestContext.Current.CancellationToken);
}
