using Lab.Explorer;
using Lab.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Asks until the test itself is cancelled.</summary>
internal static class Asking
{
    internal static LitmusAnswer Of(LitmusTest test, MemoryModel model, LitmusQuestions questions = LitmusQuestions.None) =>
        LitmusExplorer.Ask(test, model, questions, null, TestContext.Current.CancellationToken);
}
