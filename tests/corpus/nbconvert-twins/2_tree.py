# coding: utf-8

# In[ ]:


import pandas as pd
from sklearn.tree import DecisionTreeClassifier, export_graphviz
df = pd.read_csv('wine_clean.csv')


# In[ ]:


tree = DecisionTreeClassifier(max_depth=4).fit(df.drop(columns=['quality', 'good']), df['good'])


# In[ ]:


export_graphviz(tree, out_file='tree.dot', filled=True)
